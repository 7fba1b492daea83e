fn main() {
    kalamtable_build::Config::new()
        .schemas("schemas")
        .runtime("::kalamtable_rows")
        .compile();
}
