//! How the projects are started that used the old library: known by the scripts that lie in their folders.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// What is known of a project by its start script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    /// The script.
    pub script: &'static str,
    /// The names, as slugs, that the library and its users' scripts have for the project.
    pub aliases: &'static [&'static str],
    /// The main one first.
    pub services: Vec<Launched>,
}

/// One service of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launched {
    pub name: &'static str,
    /// None: the folder doesn't tell.
    pub run: Option<String>,
    /// Relative to the project's.
    pub dir: Option<String>,
    /// What the script takes when nobody says another.
    pub port: u16,
    pub health: Option<&'static str>,
    pub route: Option<&'static str>,
}

/// What starts the project of this folder, if that is known.
#[must_use]
pub fn launcher_in(folder: &Path) -> Option<Launcher> {
    let has = |name: &str| folder.join(name).is_file();
    if has("byteport.py") {
        return Some(byteport(folder));
    }
    let python =
        [".venv/bin/python", "venv/bin/python"].into_iter().find(|path| has(path)).unwrap_or("python3");
    let one = |script, aliases, arguments: &str, port, health| {
        let run = Some(format!("{python} {script} {arguments}"));
        let service = Launched { name: "server", run, dir: None, port, health: Some(health), route: None };
        Some(Launcher { script, aliases, services: vec![service] })
    };
    if has("start_server.py") {
        // A tunnel of its own would lead past the proxy.
        let arguments = "--port $PORT --no-tunnel";
        return one("start_server.py", &["atoms-mcp", "atoms"], arguments, 50_002, "/health");
    }
    let zen = ["server_mcp_http.py", "deploy_mcp_http.py"].into_iter().find(|script| has(script))?;
    one(zen, &["zen", "zen-mcp", "zen-mcp-server"], "--host 127.0.0.1 --port $PORT", 8_000, "/healthz")
}

/// Its launcher starts two programs, which KInfra starts itself.
fn byteport(folder: &Path) -> Launcher {
    let with = |folders: &[&'static str], name: &str| {
        folders.iter().copied().find(|sub| folder.join(sub).join(name).is_file())
    };
    let api = with(&[".", "api", "backend", "backend/byteport", "server"], "go.mod");
    let web = with(&["frontend", "frontend/web", "web", "app", "."], "package.json");
    let script = web.and_then(|sub| npm_script(&folder.join(sub).join("package.json")));
    let dir = |sub: Option<&'static str>| sub.filter(|sub| *sub != ".").map(str::to_owned);
    let services = vec![
        Launched {
            name: "api",
            // `*.go` was never expanded by the library; a folder is what Go runs.
            run: api.map(|sub| {
                if folder.join(sub).join(".air.toml").is_file() { "air" } else { "go run ." }.to_owned()
            }),
            dir: dir(api),
            port: 8_000,
            health: None,
            route: Some("/api"),
        },
        Launched {
            name: "frontend",
            run: script.map(|script| format!("npm run {script}")),
            dir: dir(web),
            port: 8_001,
            health: None,
            route: Some("/"),
        },
    ];
    Launcher { script: "byteport.py", aliases: &["byteport", "byte"], services }
}

/// The library took the first of these that there was.
fn npm_script(package: &Path) -> Option<&'static str> {
    let package: Value = serde_json::from_str(&fs::read_to_string(package).ok()?).ok()?;
    let scripts = package.get("scripts")?.as_object()?;
    ["dev:local", "dev", "start"].into_iter().find(|name| scripts.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launcher(files: &[(&str, &str)]) -> Option<Launcher> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        launcher_in(folder.path())
    }

    fn runs(files: &[(&str, &str)]) -> Vec<(&'static str, Option<String>, Option<String>)> {
        let services = launcher(files).unwrap().services;
        services.into_iter().map(|service| (service.name, service.run, service.dir)).collect()
    }

    #[test]
    fn a_project_is_started_as_its_own_script_does() {
        let own = |text: &str| Some(text.to_owned());
        assert_eq!(launcher(&[("main.py", "")]), None);
        assert_eq!(
            runs(&[("start_server.py", "")]),
            [("server", own("python3 start_server.py --port $PORT --no-tunnel"), None)]
        );
        let zen = [("server_mcp_http.py", ""), ("deploy_mcp_http.py", ""), (".venv/bin/python", "")];
        assert_eq!(
            runs(&zen),
            [("server", own(".venv/bin/python server_mcp_http.py --host 127.0.0.1 --port $PORT"), None)]
        );
    }

    #[test]
    fn of_byteport_the_folders_and_scripts_are_looked_for() {
        let own = |text: &str| Some(text.to_owned());
        assert_eq!(runs(&[("byteport.py", "")]), [("api", None, None), ("frontend", None, None)]);
        let files = [
            ("byteport.py", ""),
            ("backend/go.mod", ""),
            ("backend/.air.toml", ""),
            ("frontend/package.json", r#"{"scripts": {"start": "x", "dev": "y"}}"#),
        ];
        assert_eq!(
            runs(&files),
            [("api", own("air"), own("backend")), ("frontend", own("npm run dev"), own("frontend"))]
        );
        let files = [("byteport.py", ""), ("go.mod", ""), ("package.json", "no JSON")];
        assert_eq!(runs(&files), [("api", own("go run ."), None), ("frontend", None, None)]);
    }
}
