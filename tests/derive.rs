// SPDX-License-Identifier: Apache-2.0

//! Uses a struct that derives `KalamTable` as a table of a `SessionContext`.

use std::sync::Arc;

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use kalamtable::{KalamTable, MemoryTable, RowProvider, TimestampMillis, register};

/// Events with their time.
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.events", primary_key(id))]
struct Event {
    #[kalam(id = 1)]
    id: i64,
    #[kalam(id = 2, default = "untitled")]
    title: Option<String>,
    #[kalam(id = 3, default = "now()")]
    seen_at: TimestampMillis,
    #[kalam(id = 4, nested_ids = 10)]
    tags: Option<Vec<String>>,
}

fn event(id: i64) -> Event {
    Event {
        id,
        title: (id % 2 == 0).then(|| format!("title {id}")),
        seen_at: TimestampMillis::new(1_700_000_000_000 + id),
        tags: (id % 3 == 0).then(|| vec![format!("tag {id}")]),
    }
}

#[tokio::test]
async fn derived_table_is_readable_and_writable_by_sql() -> Result<(), Box<dyn std::error::Error>> {
    let events = Arc::new(MemoryTable::<Event>::new());
    let ctx = SessionContext::new();
    register(&ctx, RowProvider::new(Arc::clone(&events)))?;
    events.insert([event(1), event(2)])?;
    ctx.sql("INSERT INTO app.events (id) VALUES (3)")
        .await?
        .collect()
        .await?;
    let batches = ctx
        .sql("SELECT id, title FROM app.events ORDER BY id")
        .await?
        .collect()
        .await?;
    let shown = pretty_format_batches(&batches)?.to_string();
    let lines: Vec<&str> = shown.lines().skip(3).take(3).collect();
    assert_eq!(
        lines,
        [
            "| 1  |          |",
            "| 2  | title 2  |",
            "| 3  | untitled |"
        ]
    );
    Ok(())
}

#[tokio::test]
async fn derived_table_passes_the_contract_suite() -> Result<(), Box<dyn std::error::Error>> {
    let rows: Vec<Event> = (0..300).map(event).collect();
    let events = MemoryTable::<Event>::new();
    events.insert(rows)?;
    kalamtable_contract::check(Arc::new(RowProvider::new(events))).await?;
    Ok(())
}
