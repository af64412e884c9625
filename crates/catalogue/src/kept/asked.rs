use crate::store::Value;
use std::fmt::Write as _;

/// A question that is put together from what is asked for. Its text is ours alone: whatever comes from elsewhere stands in
/// `values`.
pub(super) struct Asked<'a> {
    pub(super) sql: String,
    pub(super) values: Vec<Value<'a>>,
    conditions: usize,
}

impl<'a> Asked<'a> {
    /// `SELECT … FROM …`, without conditions yet.
    pub(super) fn new(select: String) -> Self {
        Self { sql: select, values: Vec::new(), conditions: 0 }
    }

    /// The placeholder of a value.
    pub(super) fn put(&mut self, value: impl Into<Value<'a>>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    pub(super) fn and(&mut self, condition: String) {
        self.sql.push_str(if self.conditions == 0 { " WHERE " } else { " AND " });
        self.sql.push_str(&condition);
        self.conditions += 1;
    }

    pub(super) fn end(&mut self, order: &str, limit: u32) {
        let limit = self.put(i64::from(limit));
        // Writing into a String cannot fail.
        let _ = write!(self.sql, " ORDER BY {order} LIMIT {limit}");
    }
}
