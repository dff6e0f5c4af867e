use std::sync::Arc;

use futures_util::StreamExt;
use kinfra_engine::resource_manager::{Adapter, LogChunk, Stop, Stream};

use super::stage::{SOON, Stage, WAITS, With, ended, shell, up};

async fn lines(adapter: &Arc<dyn Adapter>, after: Option<u64>, count: usize) -> Vec<LogChunk> {
    let logs = adapter.logs(after).unwrap().take(count).collect();
    tokio::time::timeout(SOON, logs).await.expect("the lines don't come")
}

fn text(chunks: &[LogChunk]) -> Vec<String> {
    chunks.iter().map(|chunk| String::from_utf8_lossy(&chunk.bytes).trim_end().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_read_from_exactly_where_one_was() {
    let Some(stage) = Stage::start("a container's lines") else { return };
    let script = "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; echo wrong >&2; head -c 40000 /dev/zero | tr '\\0' x; echo";
    let script = script.replace("head", "/bin/busybox head").replace("tr ", "/bin/busybox tr ");
    let adapter = stage.db(&shell(&format!("{script}; {WAITS}")));
    up(&adapter).await.unwrap();
    let all = lines(&adapter, None, 11).await;
    let mut printed = text(&all);
    let long = all.iter().find(|chunk| chunk.bytes.len() > 1000).unwrap();
    assert_eq!(long.bytes.len(), 40_001);
    printed.retain(|line| line.len() < 1000);
    assert_eq!(all.iter().filter(|chunk| chunk.stream == Stream::Error).count(), 1);
    printed.retain(|line| line != "wrong");
    assert_eq!(printed, (1..10).map(|number| format!("line {number}")).collect::<Vec<_>>());

    // From after each line on: what came later, and nothing twice. The streams are two, and may overtake each other.
    let output: Vec<_> = all.iter().filter(|chunk| chunk.stream == Stream::Output).collect();
    for (index, chunk) in output.iter().enumerate().take(9) {
        let rest = lines(&adapter, Some(chunk.at), 1).await;
        let next = rest.iter().find(|line| line.stream == Stream::Output);
        if let Some(next) = next {
            assert_eq!(next.bytes, output[index + 1].bytes);
        }
    }

    // The lines end with the container, and go on with its next run.
    let last = all.iter().map(|chunk| chunk.at).max().unwrap();
    let rest = tokio::spawn(adapter.logs(Some(last)).unwrap().collect::<Vec<_>>());
    adapter.stop(Stop::InOrder).await.unwrap();
    ended(&adapter).await;
    assert_eq!(rest.await.unwrap(), []);
    up(&adapter).await.unwrap();
    let mut again = lines(&adapter, Some(last), 11).await;
    again.retain(|chunk| chunk.stream == Stream::Output);
    assert_eq!(text(&again)[..9], printed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_s_lines_are_read_too() {
    let Some(stage) = Stage::start("a terminal's lines") else { return };
    let adapter = stage
        .adapter(&format!("{}tty: true\n", shell(&format!("echo one; echo two >&2; {WAITS}"))), &With::DB);
    up(&adapter).await.unwrap();
    let all = lines(&adapter, None, 2).await;
    assert_eq!(text(&all), ["one", "two"]);
    let rest = lines(&adapter, Some(all[0].at), 1).await;
    assert_eq!(text(&rest), ["two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_go_on_when_the_engine_is_back() {
    let Some(mut stage) = Stage::start("lines past an engine") else { return };
    let adapter = stage.db(&shell(&format!("echo begun; {WAITS}")));
    up(&adapter).await.unwrap();
    let mut logs = adapter.logs(None).unwrap();
    let first = tokio::time::timeout(SOON, logs.next()).await.unwrap().unwrap();
    assert_eq!(text(&[first]), ["begun"]);
    stage.docker.stop_engine();
    stage.docker.start_engine();
    // The engine has ended it, and says so now if it didn't before.
    let rest = tokio::time::timeout(SOON, logs.next()).await.expect("the lines end with the container");
    assert_eq!(rest, None);
    up(&adapter).await.unwrap();
    assert_eq!(text(&lines(&adapter, None, 2).await), ["begun", "begun"]);
}
