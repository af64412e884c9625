//! `bench [crawl|search|database FILE REPOSITORIES TAGS]`: what the program itself can measure. The rest of `make bench`
//! (pages in a browser, requests per second) starts the real server and stands in `scripts/bench.sh` and `bench/*.mjs`.

mod content;
mod crawl;
mod search;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["crawl"] => runtime.block_on(crawl::run()),
        ["search"] => runtime.block_on(search::run()),
        ["database", file, repositories, tags] => runtime.block_on(content::fill(&format!("sqlite:{file}"), repositories.parse()?, tags.parse()?)),
        [] => {
            runtime.block_on(crawl::run())?;
            runtime.block_on(search::run())
        }
        _ => anyhow::bail!("usage: bench [crawl | search | database FILE REPOSITORIES TAGS]"),
    }
}

/// Resident memory of this process in bytes, where the system tells.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) * 1024
}
