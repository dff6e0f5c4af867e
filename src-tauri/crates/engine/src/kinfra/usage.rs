//! Measuring what services use, for whoever asks.

use std::sync::Arc;

use kinfra_rpc::{ErrorCode, Failure, MeasureUsage, NodeUsage, UsageList};

use super::engine::Engine;
use crate::process::TreeUsage;
use crate::service_manager::ServiceNode;

impl Engine {
    /// Those who ask at the same time are answered one after the other: each needs a sample of its own.
    pub(super) async fn measure_usage(&self, request: &MeasureUsage) -> Result<UsageList, Failure> {
        let project = self.project(&request.project)?;
        let names = project.named(&request.services)?;
        let nodes = project.services.iter().filter(|(name, _)| names.is_empty() || names.contains(name));
        let mut elsewhere = vec![];
        let mut runs_of = |node: &ServiceNode| {
            let others = node.runs_elsewhere();
            let names = node.runs().into_iter().chain(others.iter().map(|run| run.run.clone())).collect();
            elsewhere.extend(others);
            names
        };
        let of_nodes: Vec<(String, Vec<String>)> =
            nodes.map(|(name, node)| (name.clone(), runs_of(node))).collect();
        let wanted: Arc<Vec<String>> = Arc::new(of_nodes.iter().flat_map(|(_, runs)| runs.clone()).collect());
        if wanted.is_empty() {
            return Ok(UsageList::default());
        }
        let mut sampler = Arc::clone(&self.sampler).lock_owned().await;
        let keeper = self.services.keeper.pid();
        let held = self.services.keeper.list().await.map_err(|error| unmeasured(&request.project, &error))?;
        let runs: Vec<_> = held.into_iter().chain(elsewhere).collect();
        let asked = Arc::clone(&wanted);
        let prepare = move || {
            let pause = sampler.prepare(&asked, &runs, keeper);
            (sampler, runs, pause)
        };
        let (mut sampler, runs, pause) = tokio::task::spawn_blocking(prepare)
            .await
            .map_err(|error| unmeasured(&request.project, &error))?;
        tokio::time::sleep(pause).await;
        let measure = move || sampler.measure(&wanted, &runs, keeper);
        let found = tokio::task::spawn_blocking(measure)
            .await
            .map_err(|error| unmeasured(&request.project, &error))?;
        let of_node = |(node, runs): (String, Vec<String>)| {
            let usages: Vec<&TreeUsage> = runs.iter().filter_map(|run| found.get(run)).collect();
            (!usages.is_empty()).then(|| together(node, &usages))
        };
        Ok(UsageList { nodes: of_nodes.into_iter().filter_map(of_node).collect() })
    }
}

fn together(node: String, usages: &[&TreeUsage]) -> NodeUsage {
    NodeUsage {
        node,
        cpu_percent: (usages.iter().map(|usage| usage.cpu_percent).sum::<f64>() * 10.0).round() / 10.0,
        memory_bytes: usages.iter().map(|usage| usage.memory_bytes).sum(),
        descriptors: usages.iter().map(|usage| usage.descriptors).sum(),
        processes: usages.iter().map(|usage| usage.processes).sum(),
        threads: usages.iter().map(|usage| usage.threads).sum(),
    }
}

fn unmeasured(project: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(ErrorCode::Internal, format!("cannot measure what the services of {project} use: {error}"))
}
