//! The registry in a process of its own, which can be measured, and whose disk can be another.

use crate::support::{Answer, asked, serve};
use std::{
    io::{BufRead, BufReader, Lines, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Not a test: serves, and does what it is told line by line: `tidy`, or something for the shell, until there is nothing more to come.
#[test]
#[ignore = "the process that other tests start"]
fn process() {
    let Ok(root) = std::env::var("CHILD_ROOT") else { return };
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let server = serve(Path::new(&root), |settings| {
        if std::env::var("CHILD_RELAXED").is_ok() {
            settings.durability = embedded::Durability::Relaxed;
        }
        if std::env::var("CHILD_EXPIRES").is_ok() {
            settings.upload_expiry = Duration::ZERO;
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    println!("\nanswer {}", server.address);
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let result = match line.as_str() {
            "tidy" => runtime.block_on(server.local.tidy()).is_ok(),
            shell => Command::new("sh").args(["-c", shell]).stdin(Stdio::null()).status().unwrap().success(),
        };
        println!("\nanswer {result}");
    }
}

pub(crate) struct Process {
    pub(crate) address: SocketAddr,
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Process {
    /// Starts one over a folder. Where there is a `wrapper`, a command of the shell, it runs what is given to it as `"$@"`.
    pub(crate) fn start(root: &Path, set: &[&str], wrapper: Option<&[&str]>) -> Self {
        let own = std::env::current_exe().unwrap();
        let mut command = match wrapper {
            Some([first, rest @ ..]) => {
                let mut command = Command::new(first);
                command.args(rest).arg(own);
                command
            }
            _ => Command::new(own),
        };
        command.args(["child::process", "--exact", "--ignored", "--nocapture"]).env("CHILD_ROOT", root);
        command.envs(set.iter().map(|name| (*name, "1")));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (lines, errors) = (log.clone(), BufReader::new(process.stderr.take().unwrap()));
        std::thread::spawn(move || errors.lines().map_while(Result::ok).for_each(|line| lines.lock().unwrap().push(line)));
        let address = answer(&mut output).unwrap_or_else(|| panic!("it did not start: {:?}", log.lock().unwrap()));
        Self { address: address.parse().unwrap(), input: process.stdin.take().unwrap(), process, output, log }
    }

    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
        assert_eq!(answer(&mut self.output).as_deref(), Some("true"), "{line}: {:?}", self.log.lock().unwrap());
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        asked(self.address, method, path, headers, body).unwrap_or_else(|| panic!("{method} {path}: no whole answer"))
    }

    /// The errors and warnings in its log from some line on, once there are so many at least.
    pub(crate) fn complaints(&self, after: usize, expected: usize) -> Vec<String> {
        let found = || {
            let log = self.log.lock().unwrap();
            log.iter().skip(after).filter(|line| line.contains("ERROR") || line.contains("WARN")).cloned().collect::<Vec<_>>()
        };
        wait(|| found().len() >= expected);
        found()
    }

    /// The same of errors alone.
    pub(crate) fn errors(&self, after: usize, expected: usize) -> Vec<String> {
        let found = || self.complaints(after, 0).into_iter().filter(|line| line.contains("ERROR")).collect::<Vec<_>>();
        wait(|| found().len() >= expected);
        found()
    }

    pub(crate) fn log_length(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    /// A path as it sees it.
    pub(crate) fn sees(&self, path: &Path) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.process.id())).join(path.strip_prefix("/").unwrap())
    }

    /// Bytes in memory.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() << 10
    }

    pub(crate) fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap().count()
    }
}

fn answer(output: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    output.find_map(|line| line.ok()?.strip_prefix("answer ").map(str::to_owned))
}

/// Waits until something is so; half a minute at most, after which what follows will say what is not.
pub(crate) fn wait(mut is: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is() && started.elapsed() < Duration::from_secs(30) {
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
