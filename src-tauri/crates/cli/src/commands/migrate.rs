use std::io::IsTerminal;
use std::path::PathBuf;

use kinfra_rpc::{ApplyMigration, Failure, Migrated, PlanMigration, UndoMigration};

use super::port_changes::agreed;
use crate::arguments::Migrate;
use crate::exit_code::ExitCode;
use crate::render;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// `kinfra migrate`: shows what would be done, and does it when a person or `--yes` says so.
pub async fn migrate(surroundings: &Surroundings, arguments: &Migrate) -> Result<ExitCode, Trouble> {
    if arguments.undo {
        return undo(surroundings).await;
    }
    let named = arguments.from.as_ref().map(|home| surroundings.resolve(home)).transpose()?;
    let home = named.or_else(|| surroundings.environment.get("HOME").map(PathBuf::from));
    let folders = folders(surroundings, &arguments.folders)?;
    let output = &surroundings.output;
    if !arguments.yes {
        // Nobody else waits for who thinks about the answer: what is stored is not held meanwhile.
        let plan = PlanMigration { home: home.clone(), folders: folders.clone() };
        let plan = surroundings.connect_or_open().await?.call(plan).await?;
        output.result(&plan, |palette| render::migration_plan(&plan, home.as_deref(), *palette))?;
        if !plan.pending {
            return Ok(ExitCode::Done);
        }
        if output.json || !std::io::stdin().is_terminal() {
            output.note("Nothing is done yet: the same command with --yes does it.");
            return Ok(ExitCode::Done);
        }
        if !agreed(surroundings, "Do this?")? {
            return Ok(ExitCode::Done);
        }
    }
    let client = surroundings.connect_or_open().await?;
    let migrated = client.call(ApplyMigration { home: home.clone(), folders }).await?;
    let Migrated { plan, backup, problems } = &migrated;
    output.result(&migrated, |palette| {
        let shown = if arguments.yes {
            render::migration_plan(plan, home.as_deref(), *palette)
        } else {
            String::new()
        };
        match backup {
            None => shown,
            Some(backup) => format!(
                "{shown}{} Copies of all that was read are in {}; kinfra migrate --undo takes it back.\n",
                if problems.is_empty() { "Done." } else { "Done, but for what follows." },
                backup.display()
            ),
        }
    })?;
    problems.iter().for_each(|problem| output.note(&problem.to_string()));
    Ok(if problems.is_empty() { ExitCode::Done } else { ExitCode::Failed })
}

async fn undo(surroundings: &Surroundings) -> Result<ExitCode, Trouble> {
    let undone = surroundings.connect_or_open().await?.call(UndoMigration {}).await?;
    surroundings.output.result(&undone, |palette| render::migration_undone(&undone, *palette))?;
    Ok(if undone.kept.is_empty() { ExitCode::Done } else { ExitCode::Failed })
}

fn folders(surroundings: &Surroundings, named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if named.is_empty() {
        return Ok(vec![surroundings.folder.clone()]);
    }
    named.iter().map(|folder| surroundings.resolve(folder)).collect()
}
