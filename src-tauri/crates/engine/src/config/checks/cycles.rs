//! Cycles of a small graph, in an order that depends on nothing but the graph.

/// One cycle for each edge that leads back into the path to it, as the nodes in order, each once. A node that is
/// part of two cycles may hide one of them until the other is gone. `edges[a]` are the nodes that `a` points to.
pub(super) fn cycles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    let mut finished = vec![false; edges.len()];
    for start in 0..edges.len() {
        // The path from `start`, each node with how many of its edges were followed. No recursion: a chain may be
        // as long as the file.
        let mut path = if finished[start] { Vec::new() } else { vec![(start, 0)] };
        while let Some((node, followed)) = path.last_mut() {
            let Some(target) = edges[*node].get(*followed).copied() else {
                finished[*node] = true;
                path.pop();
                continue;
            };
            *followed += 1;
            if let Some(from) = path.iter().position(|(node, _)| *node == target) {
                found.push(path[from..].iter().map(|(node, _)| *node).collect());
            } else if !finished[target] {
                path.push((target, 0));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::cycles;

    #[test]
    fn a_ring_is_named_in_order_from_its_first_node() {
        assert_eq!(cycles(&[vec![1], vec![2], vec![0]]), [[0, 1, 2]]);
    }

    #[test]
    fn a_diamond_is_no_cycle() {
        assert!(cycles(&[vec![1, 2], vec![3], vec![3], vec![]]).is_empty());
    }

    #[test]
    fn two_rings_are_both_named() {
        assert_eq!(cycles(&[vec![1], vec![0], vec![3], vec![2]]).len(), 2);
    }

    proptest! {
        #[test]
        fn a_graph_is_free_of_cycles_exactly_when_it_can_be_sorted(
            edges in prop::collection::vec(prop::collection::vec(0usize..8, 0..4), 8)
        ) {
            let mut gone = [false; 8];
            while let Some(free) = (0..8).find(|n| !gone[*n] && edges[*n].iter().all(|target| gone[*target])) {
                gone[free] = true;
            }
            prop_assert_eq!(cycles(&edges).is_empty(), gone.iter().all(|gone| *gone));
        }
    }
}
