//! A file with a block of ours in it, as text to text. All other lines are the user's, and stay as they are.

const BEGIN: &str = "# >>> kinfra: ports, kept by KInfra; changes in here are lost";
const END: &str = "# <<< kinfra";
/// Whatever a later version says behind it.
const BEGIN_MARK: &str = "# >>> kinfra";

/// Only one half of a block's marks is there: nobody can tell which lines are whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is one end of KInfra's block, and the other end is missing")]
pub struct BlockError {
    pub line: usize,
}

/// The text with these lines as its block: in the place of the old one, else at the end. No lines: without a block.
pub(super) fn with_block(text: &str, lines: &[String]) -> Result<String, BlockError> {
    let (before, after) = match find(text)? {
        Some((start, end)) => (&text[..start], &text[end..]),
        None => (text, ""),
    };
    if lines.is_empty() {
        return Ok(format!("{before}{after}"));
    }
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Ok(format!("{before}{gap}{BEGIN}\n{lines}{END}\n{after}"))
}

/// What the user's own lines say; all of it where the marks are broken.
#[must_use]
pub fn without_block(text: &str) -> String {
    with_block(text, &[]).unwrap_or_else(|_| text.to_owned())
}

/// Where the block begins and where what follows it does.
fn find(text: &str) -> Result<Option<(usize, usize)>, BlockError> {
    let mut begin = None;
    let mut offset = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let trimmed = line.trim_end();
        match begin {
            None if trimmed.starts_with(BEGIN_MARK) => begin = Some((offset, number)),
            None if trimmed.starts_with(END) => return Err(BlockError { line: number }),
            Some((start, _)) if trimmed.starts_with(END) => return Ok(Some((start, offset + line.len()))),
            Some(_) if trimmed.starts_with(BEGIN_MARK) => return Err(BlockError { line: number }),
            _ => {}
        }
        offset += line.len();
    }
    begin.map_or(Ok(None), |(_, line)| Err(BlockError { line }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_block_comes_at_the_end_and_is_replaced_where_it_stands() {
        let first = with_block("SECRET=1", &lines(&["API_PORT=1"])).unwrap();
        insta::assert_snapshot!(first, @r"
        SECRET=1
        # >>> kinfra: ports, kept by KInfra; changes in here are lost
        API_PORT=1
        # <<< kinfra
        ");
        let second = with_block(&format!("{first}LATER=2\n"), &lines(&["API_PORT=5", "WEB_PORT=6"])).unwrap();
        insta::assert_snapshot!(second, @r"
        SECRET=1
        # >>> kinfra: ports, kept by KInfra; changes in here are lost
        API_PORT=5
        WEB_PORT=6
        # <<< kinfra
        LATER=2
        ");
        assert_eq!(with_block(&second, &[]).unwrap(), "SECRET=1\nLATER=2\n");
    }

    #[test]
    fn half_a_block_is_left_alone() {
        for (text, line) in [
            ("A=1\n# >>> kinfra: ports\nB=2\n", 2),
            ("# <<< kinfra\nB=2\n", 1),
            ("# >>> kinfra\n# >>> kinfra\n# <<< kinfra\n", 2),
        ] {
            assert_eq!(with_block(text, &lines(&["API_PORT=1"])), Err(BlockError { line }), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_user_s_own_lines_are_never_touched(
            own in "([A-Z]{1,5}=[a-z ]{0,9}\r?\n|\n|#[a-z ]{0,9}\n){0,8}",
            one in proptest::collection::vec("[A-Z]{1,5}_PORT=[0-9]{1,5}", 1..5),
            other in proptest::collection::vec("[A-Z]{1,5}_PORT=[0-9]{1,5}", 1..5),
        ) {
            let first = with_block(&own, &one).unwrap();
            let second = with_block(&first, &other).unwrap();
            prop_assert_eq!(&with_block(&second, &other).unwrap(), &second);
            prop_assert_eq!(with_block(&own, &other).unwrap(), second.clone());
            prop_assert_eq!(with_block(&second, &[]).unwrap(), own);
        }
    }
}
