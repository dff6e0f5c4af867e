use kinfra_rpc::{AccountInfo, AccountList, AccountPlan, TunnelPlans, TunnelsSwept};

use super::palette::{Colour, Palette};

/// The answer to `kinfra accounts`.
pub fn accounts(list: &AccountList, palette: Palette) -> String {
    if list.accounts.is_empty() {
        return format!(
            "no account is known; quick tunnels need none. For names of your own, create an API token and give it to\n\
             kinfra accounts add:\n  {}\n",
            list.create_link
        );
    }
    list.accounts.iter().map(|info| account(info, palette)).collect()
}

/// One account.
pub fn account(info: &AccountInfo, palette: Palette) -> String {
    let listed = |texts: &[String]| if texts.is_empty() { "none".to_owned() } else { texts.join(", ") };
    let mut text = format!(
        "{}  {}\n  domains: {}\n",
        palette.paint(Colour::Bold, &info.name),
        palette.paint(Colour::Grey, &listed(&info.accounts)),
        listed(&info.zones)
    );
    if !info.unproven.is_empty() {
        text += &format!("  not proven before the first change: {}\n", info.unproven.join(", "));
    }
    for note in &info.notes {
        text += &format!("  {note}\n");
    }
    if let Some(problem) = &info.problem {
        text += &format!("{} {problem}\n", palette.paint(Colour::Red, "problem:"));
    }
    text
}

/// Whether there is nothing to be done, and nothing in the way.
pub fn is_clean(plan: &AccountPlan) -> bool {
    plan.steps.is_empty() && plan.foreign.is_empty() && plan.leftovers.is_empty() && plan.obstacle.is_none()
}

/// What would be changed.
pub fn plans(plans: &TunnelPlans, palette: Palette) -> String {
    let mut text: String = plans.accounts.iter().map(|plan| self::plan(plan, palette)).collect();
    for host in &plans.homeless {
        text +=
            &format!("{host}: no known account has a zone for it (kinfra accounts add makes one known)\n");
    }
    if text.is_empty() {
        return "nothing is public by a name of your own, and nothing is left over\n".to_owned();
    }
    text
}

fn plan(plan: &AccountPlan, palette: Palette) -> String {
    let mut text = format!("{}\n", palette.paint(Colour::Bold, &plan.account));
    if let Some(obstacle) = &plan.obstacle {
        text += &format!("  {} {obstacle}\n", palette.paint(Colour::Red, "nothing can be done:"));
    } else if is_clean(plan) {
        text += "  all is as it should be\n";
    }
    for step in &plan.steps {
        text += &format!("  → {step}\n");
    }
    for foreign in &plan.foreign {
        text += &format!(
            "  {} {}: {}\n    to replace it: kinfra tunnels take-over {} --seal {}\n",
            palette.paint(Colour::Yellow, "not ours:"),
            foreign.host,
            foreign.what,
            foreign.host,
            foreign.seal
        );
    }
    for warning in &plan.warnings {
        text += &format!("  {} {warning}\n", palette.paint(Colour::Yellow, "warning:"));
    }
    for leftover in &plan.leftovers {
        text += &format!(
            "  left over: {}\n    to delete it: kinfra tunnels doctor --sweep --also {}\n",
            leftover.what, leftover.id
        );
    }
    text
}

/// What a sweep did.
pub fn swept(swept: &TunnelsSwept, palette: Palette) -> String {
    let mut text: String = swept.done.iter().map(|done| format!("✓ {done}\n")).collect();
    for refused in &swept.refused {
        text += &format!("{} {refused}\n", palette.paint(Colour::Red, "not done:"));
    }
    for left in &swept.left {
        text +=
            &format!("left: {} (kinfra tunnels doctor --sweep --also {} deletes it)\n", left.what, left.id);
    }
    if text.is_empty() { "nothing was left over\n".to_owned() } else { text }
}
