//! `bench [crawl|search [FILE]|database FILE REPOSITORIES TAGS|load …]`: what the program itself can measure. The rest of `make bench`
//! (pages in a browser, requests per second) starts the real server and stands in `scripts/bench.sh` and `bench/*.mjs`.

mod content;
mod crawl;
mod load;
mod search;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["load", words @ ..] = words.as_slice() {
        return load::run(words);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    match words.as_slice() {
        ["crawl"] => runtime.block_on(crawl::run()),
        ["search"] => runtime.block_on(search::run(None)),
        ["search", file] => runtime.block_on(search::run(Some(file))),
        ["database", file, repositories, tags] => {
            runtime.block_on(content::fill(&format!("sqlite:{file}"), repositories.parse()?, tags.parse()?))
        }
        [] => {
            runtime.block_on(crawl::run())?;
            runtime.block_on(search::run(None))
        }
        _ => anyhow::bail!("usage: bench [crawl | search [FILE] | database FILE REPOSITORIES TAGS | load …]"),
    }
}

/// Processor time of this process so far in milliseconds, all threads, where the system tells.
fn processor() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in parentheses; hundredths of a second, as everywhere on Linux.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    fields.skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum::<u64>() * 10
}

/// Resident memory of this process in bytes, where the system tells.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) * 1024
}
