// SPDX-License-Identifier: Apache-2.0

//! The inventory of a shop: three tables with definitions in `schemas/`, rows from Rust and from
//! SQL, and a table that is computed when a query reads it.

mod sku;

use std::error::Error;
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use kalamtable::{
    BoxError, Decimal, MemoryTable, RowProvider, TimestampMillis, TimestampSeconds, VirtualRows,
    register,
};
use uuid::Uuid;

use inventory::low_stock::LowStock;
use inventory::products::{Category, Product, ProductSize};
use inventory::stock::Stock;
use sku::Sku;

kalamtable::include_tables!();

const DRILL: Uuid = Uuid::from_u128(1);
const CABLE: Uuid = Uuid::from_u128(2);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let products = Arc::new(MemoryTable::new());
    let stock = Arc::new(MemoryTable::new());
    let shop = SessionContext::new();
    register(&shop, RowProvider::new(Arc::clone(&products)))?;
    register(&shop, RowProvider::new(Arc::clone(&stock)))?;
    register(&shop, {
        let (products, stock) = (Arc::clone(&products), Arc::clone(&stock));
        RowProvider::new(VirtualRows::new(move || low_stock(&products, &stock)))
    })?;

    // Rows from Rust are structs, so the compiler checks that they fit the table.
    products.insert([
        Product {
            product_id: DRILL,
            sku: "T-100".parse()?,
            name: "Drill".to_string(),
            category: Category::Tool,
            price: Decimal::from_unscaled(89_90).ok_or("the price has too many digits")?,
            size: Some(ProductSize {
                width: 320,
                height: 250,
                depth: Some(110),
            }),
            tags: Some(vec!["electric".to_string(), "18 V".to_string()]),
            attributes: Some(r#"{"watts": 650}"#.to_string()),
            discontinued: false,
            added_at: TimestampMillis::now(),
        },
        Product {
            product_id: CABLE,
            sku: "R-007".parse()?,
            name: "Cable, by the metre".to_string(),
            category: Category::RawMaterial,
            price: Decimal::from_unscaled(1_25).ok_or("the price has too many digits")?,
            size: Some(ProductSize {
                width: 200,
                height: 200,
                depth: None,
            }),
            tags: Some(vec!["electric".to_string()]),
            attributes: None,
            discontinued: false,
            added_at: TimestampMillis::now(),
        },
    ])?;
    stock.insert([Stock {
        warehouse: "Graz".to_string(),
        product_id: DRILL,
        quantity: 4,
        minimum: 5,
        counted_at: Some(TimestampSeconds::new(1_767_225_600)),
    }])?;

    // In SQL, omitted columns get the default of the definition, or null.
    run(
        &shop,
        "INSERT INTO inventory.products (product_id, sku, name, category, price)
         VALUES (X'00000000000000000000000000000003', 'P-250', 'Chuck', 'part', 14.5)",
    )
    .await?;
    run(
        &shop,
        "INSERT INTO inventory.stock (warehouse, product_id, quantity)
         SELECT 'Linz', product_id, CASE category WHEN 'tool' THEN 12 ELSE 3 END
         FROM inventory.products",
    )
    .await?;

    // An invalid value is rejected, with its column and row.
    let refused = run(
        &shop,
        "INSERT INTO inventory.products (product_id, sku, name, category, price)
         VALUES (X'00000000000000000000000000000004', 'drill', 'Drill', 'tool', 1.0)",
    );
    if let Err(error) = refused.await {
        println!("{error}");
    }

    // Rust sees the rows from SQL.
    stock.update(&("Linz", CABLE), |row| row.quantity += 20)?;

    for query in [
        "SELECT sku, name, size['width'] AS width, size['depth'] AS depth, tags
         FROM inventory.products WHERE size IS NOT NULL ORDER BY sku",
        "SELECT category, sum(quantity) AS pieces, sum(quantity * price) AS value
         FROM inventory.stock JOIN inventory.products USING (product_id)
         WHERE NOT discontinued
         GROUP BY category ORDER BY category",
        "SELECT * FROM inventory.low_stock",
    ] {
        shop.sql(query).await?.show().await?;
    }
    Ok(())
}

async fn run(shop: &SessionContext, statement: &str) -> datafusion::error::Result<()> {
    shop.sql(statement).await?.collect().await?;
    Ok(())
}

/// Returns the products to order.
fn low_stock(
    products: &MemoryTable<Product>,
    stock: &MemoryTable<Stock>,
) -> Result<Vec<LowStock>, BoxError> {
    let mut rows = Vec::new();
    for row in stock
        .snapshot()
        .iter()
        .filter(|row| row.quantity < row.minimum)
    {
        let product = products
            .get(&row.product_id)
            .ok_or_else(|| format!("stock of unknown product {}", row.product_id))?;
        rows.push(LowStock {
            warehouse: row.warehouse.clone(),
            sku: product.sku.clone(),
            missing: row.minimum - row.quantity,
        });
    }
    rows.sort();
    Ok(rows)
}
