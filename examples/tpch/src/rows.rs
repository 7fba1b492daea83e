// SPDX-License-Identifier: Apache-2.0

//! Rows of the eight tables, converted from [`tpchgen`] in its order.
//!
//! `scale` is the benchmark's scale factor, where 1 is about a gigabyte. It must be at least
//! [`MIN_SCALE`].

use kalamtable::{Date, Decimal};
use tpchgen::dates::TPCHDate;
use tpchgen::decimal::TPCHDecimal;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator,
    PartSuppGenerator, RegionGenerator, SupplierGenerator,
};

use crate::tpch::customer::Customer;
use crate::tpch::lineitem::LineItem;
use crate::tpch::nation::Nation;
use crate::tpch::orders::Order;
use crate::tpch::part::Part;
use crate::tpch::partsupp::PartSupp;
use crate::tpch::region::Region;
use crate::tpch::supplier::Supplier;

/// The minimum scale factor, which has ten suppliers. Each part needs four different suppliers.
pub const MIN_SCALE: f64 = 0.001;

/// Returns the five rows of `region`.
pub fn regions() -> impl Iterator<Item = Region> {
    let rows = RegionGenerator::default().into_iter();
    rows.map(|row| Region {
        r_regionkey: row.r_regionkey,
        r_name: row.r_name.to_string(),
        r_comment: row.r_comment.to_string(),
    })
}

/// Returns the 25 rows of `nation`.
pub fn nations() -> impl Iterator<Item = Nation> {
    let rows = NationGenerator::default().into_iter();
    rows.map(|row| Nation {
        n_nationkey: row.n_nationkey,
        n_name: row.n_name.to_string(),
        n_regionkey: row.n_regionkey,
        n_comment: row.n_comment.to_string(),
    })
}

/// Returns the rows of `part`.
pub fn parts(scale: f64) -> impl Iterator<Item = Part> {
    let rows = PartGenerator::new(scale, 1, 1).into_iter();
    rows.map(|row| Part {
        p_partkey: row.p_partkey,
        p_name: row.p_name.to_string(),
        p_mfgr: row.p_mfgr.to_string(),
        p_brand: row.p_brand.to_string(),
        p_type: row.p_type.to_string(),
        p_size: row.p_size,
        p_container: row.p_container.to_string(),
        p_retailprice: decimal(row.p_retailprice),
        p_comment: row.p_comment.to_string(),
    })
}

/// Returns the rows of `supplier`.
pub fn suppliers(scale: f64) -> impl Iterator<Item = Supplier> {
    let rows = SupplierGenerator::new(scale, 1, 1).into_iter();
    rows.map(|row| Supplier {
        s_suppkey: row.s_suppkey,
        s_name: row.s_name.to_string(),
        s_address: row.s_address.to_string(),
        s_nationkey: row.s_nationkey,
        s_phone: row.s_phone.to_string(),
        s_acctbal: decimal(row.s_acctbal),
        s_comment: row.s_comment,
    })
}

/// Returns the rows of `partsupp`.
pub fn part_suppliers(scale: f64) -> impl Iterator<Item = PartSupp> {
    let rows = PartSuppGenerator::new(scale, 1, 1).into_iter();
    rows.map(|row| PartSupp {
        ps_partkey: row.ps_partkey,
        ps_suppkey: row.ps_suppkey,
        ps_availqty: row.ps_availqty,
        ps_supplycost: decimal(row.ps_supplycost),
        ps_comment: row.ps_comment.to_string(),
    })
}

/// Returns the rows of `customer`.
pub fn customers(scale: f64) -> impl Iterator<Item = Customer> {
    let rows = CustomerGenerator::new(scale, 1, 1).into_iter();
    rows.map(|row| Customer {
        c_custkey: row.c_custkey,
        c_name: row.c_name.to_string(),
        c_address: row.c_address.to_string(),
        c_nationkey: row.c_nationkey,
        c_phone: row.c_phone.to_string(),
        c_acctbal: decimal(row.c_acctbal),
        c_mktsegment: row.c_mktsegment.to_string(),
        c_comment: row.c_comment.to_string(),
    })
}

/// Returns the rows of `orders`.
pub fn orders(scale: f64) -> impl Iterator<Item = Order> {
    let rows = OrderGenerator::new(scale, 1, 1).into_iter();
    rows.map(|row| Order {
        o_orderkey: row.o_orderkey,
        o_custkey: row.o_custkey,
        o_orderstatus: row.o_orderstatus.to_string(),
        o_totalprice: decimal(row.o_totalprice),
        o_orderdate: date(row.o_orderdate),
        o_orderpriority: row.o_orderpriority.to_string(),
        o_clerk: row.o_clerk.to_string(),
        o_shippriority: row.o_shippriority,
        o_comment: row.o_comment.to_string(),
    })
}

/// Returns the rows of `lineitem`.
pub fn line_items(scale: f64) -> impl Iterator<Item = LineItem> {
    let rows = LineItemGenerator::new(scale, 1, 1).into_iter();
    rows.map(|row| LineItem {
        l_orderkey: row.l_orderkey,
        l_partkey: row.l_partkey,
        l_suppkey: row.l_suppkey,
        l_linenumber: row.l_linenumber,
        l_quantity: decimal(TPCHDecimal::new(row.l_quantity * 100)),
        l_extendedprice: decimal(row.l_extendedprice),
        l_discount: decimal(row.l_discount),
        l_tax: decimal(row.l_tax),
        l_returnflag: row.l_returnflag.to_string(),
        l_linestatus: row.l_linestatus.to_string(),
        l_shipdate: date(row.l_shipdate),
        l_commitdate: date(row.l_commitdate),
        l_receiptdate: date(row.l_receiptdate),
        l_shipinstruct: row.l_shipinstruct.to_string(),
        l_shipmode: row.l_shipmode.to_string(),
        l_comment: row.l_comment.to_string(),
    })
}

fn decimal(hundredths: TPCHDecimal) -> Decimal<15, 2> {
    Decimal::from_unscaled(hundredths.into_inner().into())
        .expect("the generator's decimals have at most twelve digits")
}

fn date(date: TPCHDate) -> Date {
    Date::from_days(date.to_unix_epoch())
}
