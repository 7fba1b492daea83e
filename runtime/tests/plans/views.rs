// SPDX-License-Identifier: Apache-2.0

//! Views over tables that change.

use kalamtable_runtime::Role;

use crate::sessions::{CachedServer, cached, planned};
use crate::support::{actor, table};

const TITLE: &str = "title = { id = 2, type = 'text', nullable = true }\n";

#[tokio::test]
async fn view_reads_all_rows_after_a_schema_change() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    let ctx = session.context();
    planned(ctx, "CREATE VIEW app.v AS SELECT * FROM app.notes")
        .await
        .unwrap();
    cached(
        &session,
        "INSERT INTO app.notes (id, title) VALUES (1, 'a')",
    )
    .await
    .unwrap();
    let columns = "SELECT id, title FROM app.v";
    assert_eq!(cached(&session, columns).await.unwrap(), "1 a");
    let more = format!("{TITLE}more = {{ id = 3, type = 'int', default = 5 }}\n");
    server
        .alter("notes", &table("notes", "kind = 'shared'", &more))
        .await;
    cached(
        &session,
        "INSERT INTO app.notes (id, title) VALUES (2, 'b')",
    )
    .await
    .unwrap();
    for text in [columns, "SELECT id, title, more FROM app.v"] {
        let expected = planned(ctx, &text.replace("app.v", "app.notes"))
            .await
            .unwrap();
        assert_eq!(cached(&session, text).await.unwrap(), expected);
        assert_eq!(planned(ctx, text).await.unwrap(), expected);
    }
    server.drop("notes").await;
    assert!(cached(&session, columns).await.is_err());
    assert!(planned(ctx, columns).await.is_err());
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    assert_eq!(cached(&session, columns).await.unwrap(), "");
    assert_eq!(planned(ctx, columns).await.unwrap(), "");
}

#[tokio::test]
async fn replaced_view_is_planned_again() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    cached(&session, "INSERT INTO app.notes (id) VALUES (1), (2)")
        .await
        .unwrap();
    cached(&session, "CREATE VIEW app.v AS SELECT id FROM app.notes")
        .await
        .unwrap();
    let text = "SELECT * FROM app.v";
    assert_eq!(cached(&session, text).await.unwrap(), "1\n2");
    cached(
        &session,
        "CREATE OR REPLACE VIEW app.v AS SELECT -id FROM app.notes",
    )
    .await
    .unwrap();
    assert_eq!(cached(&session, text).await.unwrap(), "-1\n-2");
    cached(&session, "DROP VIEW app.v").await.unwrap();
    assert!(cached(&session, text).await.is_err());
}

#[tokio::test]
async fn view_that_reads_itself_is_rejected() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    cached(&session, "CREATE VIEW app.a AS SELECT id FROM app.notes")
        .await
        .unwrap();
    cached(&session, "CREATE VIEW app.b AS SELECT id FROM app.a")
        .await
        .unwrap();
    let replace = "CREATE OR REPLACE VIEW app.a AS SELECT id FROM app.b";
    let rejected = cached(&session, replace).await.unwrap_err();
    assert!(
        rejected
            .to_string()
            .contains("view `app.a` would read itself"),
        "{rejected}"
    );
    // The view is unchanged.
    cached(&session, "INSERT INTO app.notes (id) VALUES (3)")
        .await
        .unwrap();
    assert_eq!(cached(&session, "SELECT * FROM app.b").await.unwrap(), "3");
}

#[tokio::test]
async fn sessions_with_equal_views_share_plans() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let sessions = [server.session("one"), server.session("other")];
    for session in &sessions {
        cached(session, "CREATE VIEW app.v AS SELECT id FROM app.notes")
            .await
            .unwrap();
    }
    for _ in 0..3 {
        for session in &sessions {
            cached(session, "SELECT * FROM app.v").await.unwrap();
        }
    }
    let stats = server.tables.plan_cache().stats();
    assert_eq!((stats.hits, stats.invalidated), (5, 0));
}

#[tokio::test]
async fn view_that_no_longer_fits_its_table_can_be_replaced() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    cached(
        &session,
        "INSERT INTO app.notes (id, title) VALUES (1, 'a')",
    )
    .await
    .unwrap();
    cached(&session, "CREATE VIEW app.v AS SELECT title FROM app.notes")
        .await
        .unwrap();
    cached(
        &session,
        "ALTER TABLE app.notes RENAME COLUMN title TO text",
    )
    .await
    .unwrap();
    let text = "SELECT * FROM app.v";
    assert!(cached(&session, text).await.is_err());
    let rejected = cached(
        &session,
        "CREATE OR REPLACE VIEW app.v AS SELECT absent FROM app.notes",
    );
    assert!(rejected.await.is_err());
    cached(
        &session,
        "CREATE OR REPLACE VIEW app.v AS SELECT text FROM app.notes",
    )
    .await
    .unwrap();
    assert_eq!(cached(&session, text).await.unwrap(), "a");
    // An existing view is kept, and a name is not taken over.
    cached(&session, "CREATE VIEW IF NOT EXISTS app.v AS SELECT 1")
        .await
        .unwrap();
    assert_eq!(cached(&session, text).await.unwrap(), "a");
    for (statement, expected) in [
        (
            "CREATE VIEW app.v AS SELECT 1",
            "view `app.v` exists already",
        ),
        (
            "CREATE VIEW app.notes AS SELECT 1",
            "table `app.notes` exists already",
        ),
        (
            "CREATE OR REPLACE VIEW app.notes AS SELECT 1",
            "table `app.notes` exists already",
        ),
    ] {
        let rejected = cached(&session, statement).await.unwrap_err().to_string();
        assert!(rejected.contains(expected), "{statement}: {rejected}");
    }
    assert_eq!(
        cached(&session, "SELECT id FROM app.notes").await.unwrap(),
        "1"
    );
}

#[tokio::test]
async fn column_names_of_a_view_follow_the_settings() {
    let server = CachedServer::new().await;
    let session = server.session("root");
    cached(&session, "CREATE VIEW public.low (A, \"B\") AS SELECT 1, 2")
        .await
        .unwrap();
    assert_eq!(
        cached(&session, "SELECT a, \"B\" FROM public.low")
            .await
            .unwrap(),
        "1 2"
    );
    cached(
        &session,
        "SET datafusion.sql_parser.enable_ident_normalization = false",
    )
    .await
    .unwrap();
    cached(&session, "CREATE VIEW public.mixed (A, B) AS SELECT 1, 2")
        .await
        .unwrap();
    assert_eq!(
        cached(&session, "SELECT A, B FROM public.mixed")
            .await
            .unwrap(),
        "1 2"
    );
}

#[tokio::test]
async fn view_resolves_names_with_the_defaults_of_its_creation() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let session = server.session("root");
    cached(&session, "INSERT INTO app.notes (id) VALUES (1)")
        .await
        .unwrap();
    cached(&session, "SET datafusion.catalog.default_schema = 'app'")
        .await
        .unwrap();
    cached(&session, "CREATE VIEW v AS SELECT id FROM notes")
        .await
        .unwrap();
    cached(&session, "SET datafusion.catalog.default_schema = 'public'")
        .await
        .unwrap();
    assert_eq!(cached(&session, "SELECT * FROM app.v").await.unwrap(), "1");
    assert_eq!(
        planned(session.context(), "SELECT * FROM app.v")
            .await
            .unwrap(),
        "1"
    );
}

#[tokio::test]
async fn view_without_a_text_is_rejected() {
    let server = CachedServer::new().await;
    server
        .create(&table("notes", "kind = 'shared'", TITLE))
        .await;
    let ctx = server.context(actor("root", Role::System));
    let view = ctx
        .sql("SELECT id FROM app.notes")
        .await
        .unwrap()
        .into_view();
    let rejected = ctx.register_table("app.v", view).unwrap_err().to_string();
    assert!(
        rejected.contains("create it with `CREATE VIEW`"),
        "{rejected}"
    );
}

#[tokio::test]
async fn rows_of_a_view_are_those_of_its_user() {
    let server = CachedServer::new().await;
    server.create(&table("notes", "kind = 'user'", TITLE)).await;
    let ann = server.session_of(actor("ann", Role::User));
    let bob = server.session_of(actor("bob", Role::User));
    for session in [&ann, &bob] {
        cached(session, "CREATE VIEW app.v AS SELECT title FROM app.notes")
            .await
            .unwrap();
    }
    cached(
        &ann,
        "INSERT INTO app.notes (id, title) VALUES (1, 'of ann')",
    )
    .await
    .unwrap();
    for _ in 0..2 {
        assert_eq!(cached(&ann, "SELECT * FROM app.v").await.unwrap(), "of ann");
        assert_eq!(cached(&bob, "SELECT * FROM app.v").await.unwrap(), "");
    }
}
