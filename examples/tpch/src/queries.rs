// SPDX-License-Identifier: Apache-2.0

//! The 22 queries, with the parameters for which the specification has answers.

macro_rules! queries {
    ($($name:literal)*) => {
        /// The texts of the queries in DataFusion's dialect, in order and without schema names.
        pub const QUERIES: [&str; 22] = [
            $(include_str!(concat!("../queries/", $name, ".sql"))),*
        ];
    };
}

queries! {
    "q01" "q02" "q03" "q04" "q05" "q06" "q07" "q08" "q09" "q10" "q11"
    "q12" "q13" "q14" "q15" "q16" "q17" "q18" "q19" "q20" "q21" "q22"
}
