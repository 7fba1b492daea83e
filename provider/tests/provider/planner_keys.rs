// SPDX-License-Identifier: Apache-2.0

//! Keys are not declared to the planner, which draws wrong conclusions from them.

use arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{col, lit};
use kalamtable_provider::{Error, FixedRows, MemoryTable, RowProvider, VirtualRows};
use kalamtable_rows::KalamTable;

use crate::oracle::{Oracle, provider};
use crate::support::{answer, error, lines, session};

/// A row with a list.
#[derive(Clone, Debug, KalamTable, PartialEq)]
#[kalam(
    table = "app.notes",
    primary_key(id),
    unique(slug),
    crate = kalamtable_rows
)]
struct Note {
    #[kalam(id = 1)]
    id: i64,
    #[kalam(id = 2)]
    slug: String,
    #[kalam(id = 3, nested_ids = 4)]
    tags: Vec<String>,
}

fn note(id: i64, tags: &[&str]) -> Note {
    Note {
        id,
        slug: format!("note {id}"),
        tags: tags.iter().map(|tag| tag.to_string()).collect(),
    }
}

fn notes() -> Vec<Note> {
    vec![
        note(1, &["a", "b", "a"]),
        note(2, &[]),
        note(3, &["b"]),
        note(4, &["c", "a"]),
    ]
}

fn oracle() -> Oracle {
    let in_memory = |rows: Vec<Note>| {
        let table = MemoryTable::new();
        table.insert(rows).unwrap();
        provider(table)
    };
    Oracle::new()
        .with("t", notes(), |rows| provider(FixedRows::new(rows)))
        .with("m", notes(), in_memory)
}

#[tokio::test]
async fn no_key_is_declared() {
    assert!(
        RowProvider::new(FixedRows::new(notes()))
            .constraints()
            .is_none()
    );
}

#[tokio::test]
async fn queries_over_unnest_match_mem_table() {
    let oracle = oracle();
    for table in ["t", "m"] {
        let tags = format!("(SELECT id, slug, unnest(tags) AS tag FROM {table})");
        for sql in [
            format!("SELECT DISTINCT id FROM {tags}"),
            format!("SELECT DISTINCT slug FROM {tags}"),
            format!("SELECT DISTINCT id, slug FROM {tags}"),
            format!("SELECT id, count(*) FROM {tags} GROUP BY id"),
            format!("SELECT id, tag, count(*) FROM {tags} GROUP BY id, tag"),
            format!("SELECT count(*) FROM {tags} AS a JOIN {tags} AS b ON a.id = b.id"),
            format!("SELECT a.id FROM {table} AS a LEFT JOIN {tags} AS b ON a.id = b.id"),
            format!("SELECT a.id FROM {table} AS a JOIN {tags} AS b ON a.slug = b.slug"),
            format!("SELECT DISTINCT id FROM (SELECT id, unnest([1, 2]) AS n FROM {table})"),
            format!("SELECT DISTINCT id FROM (SELECT id, unnest(range(0, id)) AS n FROM {table})"),
        ] {
            oracle.check(&sql).await;
        }
        // Not only the rows, but also their order.
        let sql = format!("SELECT id, tag FROM {tags} ORDER BY id, tag");
        let expected = answer(&oracle.theirs, &sql).await;
        assert_eq!(answer(&oracle.ours, &sql).await, expected);
    }
}

#[tokio::test]
async fn data_frame_groups_by_the_named_columns_only() {
    let oracle = oracle();
    let group = |frame: DataFrame| {
        let frame = frame
            .aggregate(vec![col("id")], vec![count(lit(1))])
            .unwrap();
        frame.sort(vec![col("id").sort(true, true)]).unwrap()
    };
    let expected = group(oracle.theirs.table("t").await.unwrap());
    let found = group(oracle.ours.table("t").await.unwrap());
    let names = |frame: &DataFrame| frame.schema().field_names();
    assert_eq!(names(&found).len(), names(&expected).len());
    let rows = |batches: Vec<RecordBatch>| lines(&batches);
    assert_eq!(
        rows(found.collect().await.unwrap()),
        rows(expected.collect().await.unwrap())
    );
}

/// A column that is not in `GROUP BY` is an error, as for any table without keys.
#[tokio::test]
async fn group_by_a_key_does_not_cover_other_columns() {
    let oracle = oracle();
    let sql = "SELECT id, slug FROM t GROUP BY id";
    let refused = error(&oracle.ours, sql).await;
    assert!(
        refused.contains("must appear in the GROUP BY clause"),
        "{refused}"
    );
    assert_eq!(refused, error(&oracle.theirs, sql).await);
    oracle
        .check("SELECT id, slug FROM t GROUP BY id, slug")
        .await;
    oracle
        .check("SELECT id, first_value(slug) FROM t GROUP BY id")
        .await;
}

#[tokio::test]
async fn fixed_rows_with_a_duplicate_key_fail() {
    let twice = vec![note(1, &[]), note(2, &[]), note(1, &["a"])];
    let ctx = session(FixedRows::new(twice));
    for sql in [
        "SELECT * FROM t",
        "SELECT count(*) FROM t",
        "SELECT max(id) FROM t",
    ] {
        let refused = error(&ctx, sql).await;
        assert!(
            refused.contains("table `app.notes`, row 2: the primary key `id` = 1 exists already"),
            "{refused}"
        );
    }
    let same_slug = Note {
        slug: "note 1".to_string(),
        ..note(2, &[])
    };
    let ctx = session(FixedRows::new(vec![note(1, &[]), same_slug]));
    let refused = error(&ctx, "SELECT id FROM t").await;
    assert!(
        refused.contains("table `app.notes`, row 1: the unique key `slug` = note 1 exists already"),
        "{refused}"
    );
}

#[tokio::test]
async fn virtual_rows_with_a_duplicate_key_are_all_returned() {
    let twice = || vec![note(1, &["a"]), note(2, &[]), note(1, &["b"])];
    let oracle = Oracle::new().with("t", twice(), |_| {
        provider(VirtualRows::new(move || Ok(twice())))
    });
    for sql in [
        "SELECT id FROM t WHERE id = 1",
        "SELECT DISTINCT id FROM t",
        "SELECT id, count(*) FROM t GROUP BY id",
        "SELECT count(*) FROM t AS a JOIN t AS b ON a.id = b.id",
    ] {
        oracle.check(sql).await;
    }
}

#[test]
fn duplicate_keys_have_an_error_type() {
    let definition = <Note as kalamtable_rows::ToArrow>::TABLE.definition;
    let batch = <Note as kalamtable_rows::ToArrow>::to_batch(&[note(1, &[]), note(1, &[])]);
    let refused = RowProvider::from_batches(definition.clone(), &[batch.unwrap()]);
    assert!(matches!(
        refused,
        Err(Error::DuplicateKey {
            row: Some(1),
            is_primary: true,
            ..
        })
    ));
}
