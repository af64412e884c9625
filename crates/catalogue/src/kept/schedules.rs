use crate::store::{Result, Store, values};

/// What happens by the clock and is no policy, as collecting garbage, each for a registry.
#[derive(Debug, Clone, Copy)]
pub struct Schedules<'s>(pub(super) &'s Store);

impl Schedules<'_> {
    /// When something is due next; `None` where it was never asked for.
    pub async fn next(&self, action: &str, registry: &str) -> Result<Option<i64>> {
        let sql = "SELECT next FROM schedules WHERE action = $1 AND registry = $2";
        Ok(self.0.select(sql, values![action, registry], |row| row.get(0)).await?.pop())
    }

    /// Takes the run that is due, and sets when the next is: `every` from now. `true`: the caller runs it, and nobody else
    /// does. What is asked for the first time is due after `every`. What is due in more than `furthest`, since it was asked for at
    /// longer intervals before, is moved there.
    pub async fn claim(&self, action: &str, registry: &str, every: i64, furthest: i64, now: i64) -> Result<bool> {
        let Some(due) = self.next(action, registry).await? else {
            let sql = "INSERT INTO schedules (action, registry, next) VALUES ($1, $2, $3) ON CONFLICT (action, registry) DO NOTHING";
            self.0.run(sql, values![action, registry, now.saturating_add(every)]).await?;
            return Ok(false);
        };
        let at = match due {
            due if due <= now => now.saturating_add(every),
            due if due > now.saturating_add(furthest) => now.saturating_add(furthest),
            _ => return Ok(false),
        };
        let sql = "UPDATE schedules SET next = $4 WHERE action = $1 AND registry = $2 AND next = $3";
        Ok(self.0.run(sql, values![action, registry, due, at]).await? > 0 && due <= now)
    }

    /// Something is due no sooner than at a time.
    pub async fn postpone(&self, action: &str, registry: &str, until: i64) -> Result<()> {
        let sql = "UPDATE schedules SET next = $3 WHERE action = $1 AND registry = $2 AND next < $3";
        self.0.run(sql, values![action, registry, until]).await.map(drop)
    }
}
