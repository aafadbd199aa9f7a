// The planning board: each part knows the page and the parts below it.

import * as filters from "./filters.js";
import * as finding from "./finding.js";
import * as focusing from "./focusing.js";
import * as following from "./following.js";
import * as looking from "./looking.js";
import * as marks from "./marks.js";
import * as moving from "./moving.js";
import * as printing from "./printing.js";
import * as sending from "./sending.js";
import * as strings from "./strings.js";

filters.start();
looking.start();
strings.start();
sending.start();
moving.start();
following.start();
marks.start();
printing.start();
finding.start();
focusing.start();

// The first time the whole board stands, strings and all: what bench/board.py measures.
performance.mark("plan-ready");
