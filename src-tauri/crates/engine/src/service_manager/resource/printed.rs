//! What a resource prints is kept in the same files as what the keeper's children print.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use kinfra_keeper::segments::{Bound, STDERR, STDOUT};
use kinfra_keeper::server::LogWriter;

use super::super::service::Service;
use crate::resource_manager::{Adapter, LogChunk, Stream};

struct Writers {
    output: LogWriter,
    error: LogWriter,
}

/// Appends until the adapter has no more; from where an earlier engine has left off.
pub(super) fn keep(
    service: &Service,
    run: u64,
    adapter: Arc<dyn Adapter>,
) -> impl Future<Output = ()> + Send + use<> {
    let folder: PathBuf = service.context.home.node_logs(&service.project, &service.name);
    let bound = Bound::of_stream(service.spec().log_bytes.or(service.context.log_bytes));
    let (printed, printing) = (service.context.printed.clone(), Arc::clone(&service.printing));
    async move {
        // What the run before printed last is not this one's.
        let _alone = printing.lock_owned().await;
        let mut writers = Writers {
            output: LogWriter::new(&folder, STDOUT, bound),
            error: LogWriter::new(&folder, STDERR, bound),
        };
        // Nothing is made for one that prints nothing.
        let newest = if folder.is_dir() { writers.newest() } else { None };
        let Some(mut chunks) = adapter.logs(newest) else { return };
        while let Some(LogChunk { stream, at, bytes }) = chunks.next().await {
            let writer = match stream {
                Stream::Output => &mut writers.output,
                Stream::Error => &mut writers.error,
            };
            writer.append_as_of(run, at, &bytes);
            printed.send_modify(|count| *count += 1);
        }
    }
}

impl Writers {
    fn newest(&mut self) -> Option<u64> {
        self.output.newest().max(self.error.newest())
    }
}
