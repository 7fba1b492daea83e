// SPDX-License-Identifier: Apache-2.0

//! `#[derive(KalamTable)]` and `#[derive(KalamValue)]`: definitions and conversions of derived
//! rows.

#![deny(warnings)]

use std::num::NonZeroU64;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, TimeUnit};
use kalamtable_model::AccessLevel;
use kalamtable_rows::{
    ClosedSet, FromArrow, KalamTable, KalamValue, KeyedRow, Table, TimestampMicros,
    TimestampMillis, ToArrow, Uuid,
};

/// An event. The derive adds a test that the definition equals the file.
#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(
    table = "app.events",
    primary_key(id),
    unique(kind, title),
    unique(title),
    comment = "What happened.",
    freeze = "tests/frozen/events.toml",
    crate = kalamtable_rows
)]
struct Event {
    /// The globally unique id.
    #[kalam(id = 1)]
    id: Uuid,
    #[kalam(id = 2)]
    title: Option<String>,
    #[kalam(id = 3, default = "now()")]
    created_at: TimestampMicros,
    #[kalam(id = 5, type = "timestamp", unit = "ms")]
    seen_at: Option<i64>,
    #[kalam(id = 6, nested_ids = 100)]
    tags: Vec<String>,
    #[kalam(id = 7, rename = "kind", default = 3)]
    r#type: i16,
    #[kalam(skip)]
    cache: Vec<u8>,
}

fn events() -> Vec<Event> {
    (0..300)
        .map(|number| Event {
            id: Uuid::from_u128(number),
            title: (number % 3 > 0).then(|| format!("title {number}")),
            created_at: TimestampMicros::new(number as i64),
            seen_at: (number % 2 > 0).then_some(number as i64),
            tags: (0..number % 4).map(|tag| format!("tag {tag}")).collect(),
            r#type: number as i16,
            cache: Vec::new(),
        })
        .collect()
}

/// A stream, to which the system adds no columns.
#[derive(KalamTable)]
#[kalam(table = "app.clicks", no_primary_key = "a log", kind = "stream")]
#[kalam(ttl_seconds = 60, crate = kalamtable_rows)]
struct Click {
    _seq: i64,
}

#[derive(KalamTable)]
#[kalam(table = "app.rates", no_primary_key = "a log", access_level = "public")]
#[kalam(crate = kalamtable_rows)]
struct Rate {
    rate: f64,
}

#[test]
fn options_are_part_of_the_definition() {
    let options = |table: &Table| {
        let seconds = table.definition.ttl_seconds().map(NonZeroU64::get);
        (seconds, table.definition.access_level())
    };
    assert_eq!(options(Click::TABLE), (Some(60), None));
    assert_eq!(options(Rate::TABLE), (None, Some(AccessLevel::Public)));
    assert_eq!(options(Event::TABLE), (None, Some(AccessLevel::Private)));
}

#[test]
fn definition_follows_from_the_struct() -> Result<(), Box<dyn std::error::Error>> {
    let definition = Event::TABLE.definition;
    assert_eq!(definition.name().to_string(), "app.events");
    assert_eq!(definition.comment(), Some("What happened."));
    let columns: Vec<String> = definition
        .columns()
        .iter()
        .map(|column| {
            format!(
                "{} {} {} {}",
                column.id, column.name, column.ty, column.nullable
            )
        })
        .collect();
    assert_eq!(
        columns,
        [
            "1 id uuid false",
            "2 title text true",
            "3 created_at timestamp false",
            "5 seen_at timestamp true",
            "6 tags list<#101 text> false",
            "7 kind smallint false",
        ]
    );
    // The model accepts the definition that consists of constants.
    let toml = definition.to_toml();
    let mut sources = kalamtable_model::Sources::new();
    let source = sources.push(kalamtable_model::SourceFile::new("events.toml", toml));
    assert!(kalamtable_model::parse_and_check(&sources, source).is_ok());
    Ok(())
}

#[test]
fn rows_are_written_and_read() -> Result<(), Box<dyn std::error::Error>> {
    let rows = events();
    let batch = Event::to_batch(&rows)?;
    assert_eq!(Event::from_batch(&batch)?, rows);
    let seen_at = batch.column(3);
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    assert_eq!(seen_at.data_type(), &micros);
    assert!(seen_at.is_null(0));
    let seen_at = seen_at.as_primitive::<arrow::datatypes::TimestampMicrosecondType>();
    assert_eq!(seen_at.value(1), 1_000);

    let views = Event::views(&batch)?;
    for (view, row) in views.iter().zip(&rows) {
        let view = view?;
        assert_eq!(view.id, row.id);
        assert_eq!(view.title, row.title.as_deref());
        assert_eq!(view.seen_at, row.seen_at.map(TimestampMillis::new));
        let tags = view.tags.iter().collect::<Result<Vec<&str>, _>>()?;
        assert_eq!(tags, row.tags);
    }
    assert_eq!(rows[7].key(), Uuid::from_u128(7));
    Ok(())
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(schema = "tests/schemas/jobs.toml", crate = kalamtable_rows)]
struct Job {
    #[kalam(unit = "ms")]
    created_at: i64,
    job_id: String,
    priority: Option<i32>,
}

#[test]
fn struct_matches_its_file() -> Result<(), Box<dyn std::error::Error>> {
    let rows = [Job {
        created_at: 5,
        job_id: "a".to_string(),
        priority: None,
    }];
    let batch = Job::to_batch(&rows)?;
    // Columns are in the order of the file.
    assert_eq!(batch.schema().field(0).name(), "job_id");
    assert_eq!(Job::from_batch(&batch)?, rows);
    assert_eq!(rows[0].key(), "a");
    Ok(())
}

#[test]
fn build_depends_on_the_schema_file() -> Result<(), Box<dyn std::error::Error>> {
    // The list of files that the compiler has read; cargo compares their times with the last build.
    let list = std::env::current_exe()?.with_extension("d");
    let list = std::fs::read_to_string(list)?;
    let target = list.lines().next().ok_or("the list is empty")?;
    assert!(target.contains("tests/schemas/jobs.toml"), "{target}");
    Ok(())
}

/// A row that borrows, which can be written but not read.
#[derive(KalamTable)]
#[kalam(table = "app.notes", no_primary_key = "written once", crate = kalamtable_rows)]
struct Note<'a> {
    text: &'a str,
    author: Option<&'a str>,
}

#[test]
fn row_that_borrows_is_written() -> Result<(), Box<dyn std::error::Error>> {
    let text = "a text".to_string();
    let rows = [Note {
        text: &text,
        author: None,
    }];
    let batch = Note::to_batch(&rows)?;
    assert_eq!(batch.column(0).as_string::<i32>().value(0), "a text");
    assert!(batch.column(1).is_null(0));
    Ok(())
}

#[test]
fn struct_inside_a_function_is_a_row() -> Result<(), Box<dyn std::error::Error>> {
    #[derive(Clone, Debug, PartialEq, KalamTable)]
    #[kalam(table = "app.local", primary_key(rows), crate = kalamtable_rows)]
    struct Local {
        rows: i64,
        c0: bool,
        range: Option<f32>,
    }

    let rows = [Local {
        rows: 1,
        c0: true,
        range: Some(0.5),
    }];
    assert_eq!(Local::from_batch(&Local::to_batch(&rows)?)?, rows);
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, KalamValue)]
#[kalam(crate = kalamtable_rows)]
enum Status {
    New,
    InProgress,
    #[kalam(rename = "it's done")]
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, KalamValue)]
#[kalam(crate = kalamtable_rows)]
struct TaskId(String);

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.tasks", primary_key(id), unique(before, status), crate = kalamtable_rows)]
struct Task {
    id: TaskId,
    #[kalam(default = "in_progress")]
    status: Status,
    before: Option<Status>,
    needs: Vec<TaskId>,
}

#[test]
fn enums_and_newtypes_are_values() -> Result<(), Box<dyn std::error::Error>> {
    let types: Vec<String> = Task::TABLE
        .definition
        .columns()
        .iter()
        .map(|column| column.ty.to_string())
        .collect();
    let set = "enum('new', 'in_progress', 'it''s done')";
    assert_eq!(types, ["text", set, set, "list<#5 text>"]);
    assert_eq!(*Task::TABLE.definition.unique_keys()[0], [2, 1]);
    let rows = [Task {
        id: TaskId("a".to_string()),
        status: Status::InProgress,
        before: Some(Status::Done),
        needs: vec![TaskId("b".to_string())],
    }];
    let batch = Task::to_batch(&rows)?;
    assert_eq!(batch.column(2).as_string::<i32>().value(0), "it's done");
    assert_eq!(Task::from_batch(&batch)?, rows);
    let view = Task::views(&batch)?
        .get(0)
        .transpose()?
        .map(|view| view.status);
    assert_eq!(view, Some(Status::InProgress));
    let views = Task::views(&batch)?;
    let view = views.get(0).ok_or("a row")??;
    let shown = format!("{view:?}");
    assert!(shown.starts_with("TaskView { id: \"a\", status: InProgress, before: Some(Done)"));
    assert!(shown.contains(", needs: "), "{shown}");
    assert_eq!(Status::LABELS, ["new", "in_progress", "it's done"]);
    assert_eq!(rows[0].key(), &rows[0].id);

    let mut columns = batch.columns().to_vec();
    columns[1] = std::sync::Arc::new(arrow::array::StringArray::from(vec!["lost"]));
    let lost = arrow::array::RecordBatch::try_new(batch.schema(), columns)?;
    let error = Task::from_batch(&lost).expect_err("`lost` is not a status");
    assert_eq!(
        error.to_string(),
        "table `app.tasks`, column `status`, row 0: `lost` is not one of `new`, `in_progress`, `it's done`"
    );
    Ok(())
}
