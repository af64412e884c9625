//! A PostgreSQL server for tests (feature `testing`), where its programs are installed: on PATH, or where Debian and
//! Red Hat put them. [`PostgreSql::shared`] starts one for the test program; [`PostgreSql::database`] makes an empty
//! database in it for each test.
//!
//! ```ignore
//! let Some(server) = PostgreSql::shared()? else { return };
//! let store = Store::open(&server.database().await?).await?;
//! ```

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A server of our own on 127.0.0.1, with its data in a temporary folder. Dropped, it is shut down and the folder
/// removed; the same happens when the program that started it ends in whatever way, a static included.
#[derive(Debug)]
pub struct PostgreSql {
    keeper: Child,
    port: u16,
    databases: AtomicU64,
}

/// Makes and starts the server and waits for the end of its own input, which comes when we close it or are gone. Then it
/// ends the server by its process id.
const KEEPER: &str = r#"
folder="$1"; programs="$2"; shift 2
trap 'rm -rf "$folder"' EXIT
"$programs/initdb" --pgdata=data --auth=scram-sha-256 --pwfile=password --username=supercargo --encoding=UTF8 --no-sync \
    --no-instructions 2>&1 || exit
"$programs/postgres" -D data "$@" 2>&1 &
server=$!
exec >/dev/null 2>&1
read -r _
# The first ends it while it is still starting and ignores the second, which later has it not wait for its clients.
kill -TERM "$server"
kill -INT "$server"
wait "$server"
"#;

const USER: &str = "supercargo";
const PASSWORD: &str = "correct-horse";

impl PostgreSql {
    /// The one server of this program, started at the first call; none where PostgreSQL is not installed, which is
    /// noted on stderr.
    pub fn shared() -> Result<Option<&'static Self>, String> {
        static SHARED: OnceLock<Result<Option<PostgreSql>, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let server = Self::start().map_err(|error| format!("PostgreSQL does not start: {error}"));
            if matches!(server, Ok(None)) {
                eprintln!("note: PostgreSQL is not installed; what needs it is not tested");
            }
            server
        });
        shared.as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// Starts a server; returns when it accepts connections, after a second or two.
    pub fn start() -> io::Result<Option<Self>> {
        let Some(programs) = programs() else { return Ok(None) };
        let start = || {
            let folder = Folder::create()?;
            folder.serve(&programs)
        };
        // Somebody may take the port between our letting it go and the server's taking it; not twice.
        start().or_else(|_| start()).map(Some)
    }

    /// An empty database's address for [`Store::open`](crate::store::Store::open). The user is a superuser.
    pub async fn database(&self) -> Result<String, sqlx::Error> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut connection = self.connect("postgres").await?;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).execute(&mut connection).await?;
        connection.close().await?;
        Ok(self.address(&name))
    }

    /// Ends all other connections to the database of an address, as an administrator or a restart would. Returns how
    /// many it ended.
    pub async fn disconnect(&self, address: &str) -> Result<usize, sqlx::Error> {
        let name = address.rsplit('/').next().unwrap_or_default();
        let mut connection = self.connect("postgres").await?;
        let ended = sqlx::query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1")
            .bind(name)
            .fetch_all(&mut connection)
            .await?;
        connection.close().await?;
        Ok(ended.len())
    }

    /// The address of a database by its name.
    pub fn address(&self, name: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{name}", self.port)
    }

    async fn connect(&self, name: &str) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect(&self.address(name)).await
    }
}

impl Drop for PostgreSql {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Its folder is gone once it has ended; that it was ended otherwise needs no telling.
        let _ = self.keeper.wait();
    }
}

/// Waits until somebody waits for an advisory lock in the database of an address.
pub async fn until_a_lock_is_waited_for(address: &str) -> Result<(), sqlx::Error> {
    let mut watching = PgConnection::connect(address).await?;
    let waiting = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watching).await? == 0 {}
    watching.close().await
}

/// The folder with `initdb` and `postgres`; of several versions the newest.
fn programs() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let mut installed: Vec<PathBuf> = ["/usr/lib/postgresql", "/usr/pgsql"]
        .iter()
        .filter_map(|parent| std::fs::read_dir(parent).ok())
        .flat_map(|versions| versions.flatten().map(|version| version.path().join("bin")))
        .filter(complete)
        .collect();
    installed.sort_by_key(|folder| folder.parent().and_then(Path::file_name).and_then(|v| v.to_str()?.parse::<u32>().ok()));
    let path = std::env::var_os("PATH").unwrap_or_default();
    installed.pop().or_else(|| std::env::split_paths(&path).find(complete))
}

/// A temporary folder, and the user that may write to it.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Whom to run as: PostgreSQL refuses to run as root.
    user: Option<(u32, u32)>,
}

impl Folder {
    fn create() -> io::Result<Self> {
        let parent = std::env::temp_dir();
        let mut number = 0;
        let path = loop {
            let path = parent.join(format!("supercargo-postgresql-{}-{number}", std::process::id()));
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                outcome => break outcome.map(|()| path)?,
            }
        };
        let mut folder = Self { path, user: None };
        if std::fs::metadata(&folder.path)?.uid() == 0 {
            let (user, group) = unprivileged()?;
            chown(&folder.path, Some(user), Some(group))?;
            folder.user = Some((user, group));
        }
        Ok(folder)
    }

    fn serve(&self, programs: &Path) -> io::Result<PostgreSql> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let password = self.path.join("password");
        std::fs::write(&password, PASSWORD)?;
        // It is ours; the server's user reads it.
        std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o644))?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .args([self.path.as_path(), programs])
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
            // What is kept here lives for minutes.
            .args(["-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=100"])
            .current_dir(&self.path)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // An interrupt from the keyboard ends us, and that ends it.
            .process_group(0);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        let mut keeper = command.spawn()?;
        let output = keeper.stdout.take().ok_or_else(|| io::Error::other("it has no output"))?;
        let server = PostgreSql { keeper, port, databases: AtomicU64::new(0) };
        let mut lines = BufReader::new(output).lines();
        let mut said = String::new();
        for line in lines.by_ref() {
            let line = line?;
            if line.contains("ready to accept connections") {
                // A full pipe would stop the server.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(server);
            }
            said.push_str(&line);
            said.push('\n');
        }
        Err(io::Error::other(said))
    }
}

/// The user and group that Debian's package creates, else `nobody`.
fn unprivileged() -> io::Result<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            match fields[..] {
                [user, _, uid, gid, ..] if user == name => Some((uid.parse().ok()?, gid.parse().ok()?)),
                _ => None,
            }
        })
    };
    find("postgres").or_else(|| find("nobody")).ok_or_else(|| io::Error::other("there is no user but root to run it"))
}
