use kinfra_rpc::{EventKind, EventList, NodeEvent};
use rusqlite::Connection;

use super::database::{Store, StoreError};

/// Of each node so many events are kept, the newest.
const KEPT: u32 = 1_000;

/// An event of some instance's node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    pub instance: String,
    pub event: NodeEvent,
}

/// Which events of an instance are wanted.
#[derive(Debug, Clone, Default)]
pub struct WantedEvents {
    /// Empty: of all nodes.
    pub nodes: Vec<String>,
    pub limit: u32,
    /// In milliseconds since 1970.
    pub since: Option<u64>,
    /// A cursor.
    pub after: Option<u64>,
}

impl Store {
    /// # Errors
    /// When the database can't be written.
    pub async fn add_events(&self, events: Vec<StoredEvent>) -> Result<(), StoreError> {
        self.unflushed_transaction("write down what happened", move |connection| {
            let sql =
                "INSERT INTO event (instance, node, at, run, kind, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let mut insert = connection.prepare_cached(sql)?;
            for StoredEvent { instance, event } in &events {
                let (at, run) = (event.at.cast_signed(), event.run.map(u64::cast_signed));
                insert.execute((instance, &event.node, at, run, event.kind.word(), &event.text))?;
            }
            let mut nodes: Vec<_> = events.iter().map(|event| (&event.instance, &event.event.node)).collect();
            nodes.sort_unstable();
            nodes.dedup();
            nodes.into_iter().try_for_each(|(instance, node)| prune(connection, instance, node))
        })
        .await
    }

    /// What a run had said last is kept with the event of its end: that it ended, or that it was to be ended because
    /// of a probe. Nothing where there is none.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn add_event_lines(
        &self,
        instance: String,
        node: String,
        run: u64,
        lines: Vec<String>,
    ) -> Result<(), StoreError> {
        self.unflushed_transaction("write down what a service said last", move |connection| {
            let sql = "UPDATE event SET lines = ?4 WHERE id = (
                SELECT max(id) FROM event
                WHERE instance = ?1 AND node = ?2 AND run = ?3 AND kind IN ('ended', 'stopping'))";
            let lines = serde_json::to_string(&lines).unwrap_or_else(|_| "[]".to_owned());
            connection.prepare_cached(sql)?.execute((instance, node, run.cast_signed(), lines)).map(drop)
        })
        .await
    }

    /// The newest events of these nodes, or of all, oldest first; after a cursor the oldest that follow. With the
    /// cursor that the next ones follow.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn events(&self, instance: String, wanted: WantedEvents) -> Result<EventList, StoreError> {
        self.transaction("read what happened", move |connection| {
            let WantedEvents { nodes, limit, since, after } = wanted;
            let sql = format!(
                "SELECT node, at, run, kind, text, lines, id FROM event
                WHERE instance = ?1 AND (?2 = '[]' OR node IN (SELECT value FROM json_each(?2)))
                    AND at >= ?4 AND id > ?5
                ORDER BY id {} LIMIT ?3",
                if after.is_some() { "ASC" } else { "DESC" }
            );
            let nodes = serde_json::to_string(&nodes).unwrap_or_else(|_| "[]".to_owned());
            let newest: Option<i64> =
                connection.query_row("SELECT max(id) FROM event", [], |row| row.get(0))?;
            let mut cursor = newest.unwrap_or_default();
            let bound = |bound: Option<u64>| bound.unwrap_or_default().cast_signed();
            let mut query = connection.prepare(&sql)?;
            let mut last = 0;
            let read = query.query_map((instance, nodes, limit, bound(since), bound(after)), |row| {
                last = row.get(6)?;
                let (at, run, kind): (i64, Option<i64>, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
                // Of a kind that only a newer KInfra knows: the text says what it was.
                let kind = EventKind::ALL.into_iter().find(|known| known.word() == kind);
                let kind = kind.unwrap_or(EventKind::Changed);
                let (at, run) = (at.cast_unsigned(), run.map(i64::cast_unsigned));
                let lines: Option<String> = row.get(5)?;
                let lines = lines.and_then(|lines| serde_json::from_str(&lines).ok()).unwrap_or_default();
                Ok(NodeEvent { node: row.get(0)?, at, run, kind, text: row.get(4)?, lines })
            })?;
            let mut events: Vec<NodeEvent> = read.collect::<Result<_, _>>()?;
            if after.is_none() {
                events.reverse();
            } else if events.len() == usize::try_from(limit).unwrap_or(usize::MAX) {
                // There may be more.
                cursor = last;
            }
            Ok(EventList { events, cursor: Some(cursor.cast_unsigned()) })
        })
        .await
    }
}

fn prune(connection: &Connection, instance: &str, node: &str) -> rusqlite::Result<()> {
    let sql = "DELETE FROM event WHERE instance = ?1 AND node = ?2 AND id <= (
        SELECT id FROM event WHERE instance = ?1 AND node = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)";
    connection.prepare_cached(sql)?.execute((instance, node, KEPT)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(node: &str, at: u64) -> StoredEvent {
        let (kind, text) = (EventKind::Ready, format!("event {at}"));
        let event = NodeEvent { node: node.to_owned(), at, run: Some(at), kind, text, lines: vec![] };
        StoredEvent { instance: "shop".to_owned(), event }
    }

    #[tokio::test]
    async fn the_newest_events_are_kept_and_read_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("kinfra.db")).unwrap();
        store.add_events((0..1_500).map(|at| event("api", at)).collect()).await.unwrap();
        store.add_events(vec![event("web", 1), event("api", 1_500)]).await.unwrap();
        let read = |nodes: &[&str], limit| {
            let nodes = nodes.iter().map(|node| (*node).to_owned()).collect();
            store.events("shop".to_owned(), WantedEvents { nodes, limit, ..WantedEvents::default() })
        };
        let api: Vec<u64> =
            read(&["api"], 5_000).await.unwrap().events.iter().map(|event| event.at).collect();
        assert_eq!(api, (501..=1_500).collect::<Vec<_>>());
        assert_eq!(read(&[], 2).await.unwrap().events, [event("web", 1).event, event("api", 1_500).event]);
        let limited = WantedEvents { limit: 5, ..WantedEvents::default() };
        assert_eq!(store.events("bank".to_owned(), limited).await.unwrap().events, []);
    }

    #[tokio::test]
    async fn who_follows_hears_of_each_event_once() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("kinfra.db")).unwrap();
        let read = |since, after| {
            let nodes = vec!["api".to_owned()];
            store.events("shop".to_owned(), WantedEvents { nodes, limit: 3, since, after })
        };
        store.add_events((1..=4).map(|at| event("api", at)).collect()).await.unwrap();
        let at = |list: &EventList| list.events.iter().map(|event| event.at).collect::<Vec<_>>();
        assert_eq!(at(&read(Some(3), None).await.unwrap()), [3, 4]);
        let first = read(None, None).await.unwrap();
        assert_eq!(at(&first), [2, 3, 4]);
        store.add_events(vec![event("web", 9)]).await.unwrap();
        let none = read(None, first.cursor).await.unwrap();
        assert_eq!(at(&none), [0_u64; 0]);
        assert!(none.cursor > first.cursor, "what was looked at isn't looked at again");
        store.add_events((5..=9).map(|at| event("api", at)).collect()).await.unwrap();
        let next = read(None, none.cursor).await.unwrap();
        assert_eq!(at(&next), [5, 6, 7], "none is left out where more came than fit in");
        assert_eq!(at(&read(None, next.cursor).await.unwrap()), [8, 9]);
    }

    #[tokio::test]
    async fn what_a_run_said_last_is_with_the_event_of_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("kinfra.db")).unwrap();
        let of_kind = |run, kind| {
            let mut event = event("api", run);
            event.event.kind = kind;
            event
        };
        let (started, ended) = (EventKind::Started, EventKind::Ended);
        let events = [(1, started), (1, ended), (1, EventKind::Restarting), (2, started)];
        store.add_events(events.map(|(run, kind)| of_kind(run, kind)).to_vec()).await.unwrap();
        let said = |text: &str| vec![text.to_owned()];
        let add = |node: &str, run, text| {
            store.add_event_lines("shop".to_owned(), node.to_owned(), run, said(text))
        };
        add("api", 1, "panic: \"no\"").await.unwrap();
        add("api", 2, "it runs").await.unwrap();
        add("web", 1, "another's").await.unwrap();
        let wanted = WantedEvents { limit: 9, ..WantedEvents::default() };
        let read = store.events("shop".to_owned(), wanted).await.unwrap();
        let lines: Vec<_> = read.events.into_iter().map(|event| event.lines).collect();
        assert_eq!(lines, [vec![], said("panic: \"no\""), vec![], vec![]]);
    }
}
