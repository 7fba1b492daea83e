-- TPC-H query 6: forecasting revenue change
-- The bounds of the discount are 0.06 less and more 0.01, written out: as double-precision numbers the sum is
-- below 0.07.
select
    sum(l_extendedprice * l_discount) as revenue
from
    lineitem
where
    l_shipdate >= date '1994-01-01'
    and l_shipdate < date '1994-01-01' + interval '1' year
    and l_discount between 0.05 and 0.07
    and l_quantity < 24;
