use std::fs;

use super::*;

fn text(folder: &Path) -> String {
    let numbers = segments::numbers(folder, "stdout").unwrap();
    numbers
        .iter()
        .map(|number| fs::read_to_string(segments::segment_path(folder, "stdout", *number)).unwrap())
        .collect()
}

fn usual(folder: &Path) -> LogWriter {
    LogWriter::new(folder, "stdout", Bound::of_stream(None))
}

fn sizes(folder: &Path) -> Vec<u64> {
    let numbers = segments::numbers(folder, "stdout").unwrap();
    let size = |number| fs::metadata(segments::segment_path(folder, "stdout", number)).unwrap().len();
    numbers.into_iter().map(size).collect()
}

#[test]
fn a_new_writer_goes_on_in_the_same_segment() {
    let folder = tempfile::tempdir().unwrap();
    usual(folder.path()).append(1, b"one\n");
    usual(folder.path()).append(1, b"two\n");
    assert_eq!(text(folder.path()), "one\ntwo\n");
    let index = fs::read(segments::index_path(folder.path(), "stdout", 1)).unwrap();
    let offsets: Vec<u64> =
        index.chunks(RECORD_BYTES).map(|record| Record::decode(record.try_into().unwrap()).offset).collect();
    assert_eq!(offsets, [0, 4]);
}

#[test]
fn the_lines_of_two_runs_are_never_glued_and_those_of_one_never_cut() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = usual(folder.path());
    writer.append(1, b"half a ");
    usual(folder.path()).append(1, b"line");
    let mut writer = usual(folder.path());
    writer.append(2, b"other");
    writer.finish(2);
    writer.finish(2);
    assert_eq!(text(folder.path()), "half a line\nother\n");
}

#[test]
fn segments_are_bounded_in_size_and_together_and_end_with_a_line() {
    let megabyte = 1 << 20;
    let small = Bound { segment_bytes: megabyte / 16, stream_bytes: megabyte / 2 };
    assert_eq!(Bound::of_stream(Some(megabyte)), small);
    let usual = Bound { segment_bytes: 8 * megabyte, stream_bytes: 64 * megabyte };
    assert_eq!(Bound::of_stream(None), usual);
    assert_eq!(Bound::of_stream(Some(16 << 30)), Bound { stream_bytes: 8 << 30, ..usual });
    for bound in [small, usual] {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = LogWriter::new(folder.path(), "stdout", bound);
        let chunk = "0123456789abcdef\n".repeat(60_000);
        let mut total = 0;
        while total < bound.stream_bytes + 3 * bound.segment_bytes {
            writer.append(1, chunk.as_bytes());
            total += chunk.len() as u64;
        }
        assert!(segments::numbers(folder.path(), "stdout").unwrap()[0] > 1);
        let sizes = sizes(folder.path());
        assert_eq!(sizes.len(), 8);
        assert!(sizes.iter().all(|size| *size <= bound.segment_bytes && size % 17 == 0), "{sizes:?}");
        assert!(sizes.iter().sum::<u64>() <= bound.stream_bytes);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2 * 8);
    }
}

#[test]
fn another_bound_holds_for_what_is_there_already() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = usual(folder.path());
    let chunk = "0123456789abcdef\n".repeat(60_000);
    (0..20).for_each(|_| writer.append(1, chunk.as_bytes()));
    assert_eq!(sizes(folder.path()).len(), 3);
    let small = Bound::of_stream(Some(4 << 20));
    writer.keep(small);
    writer.append(1, chunk.as_bytes());
    let total: u64 = sizes(folder.path()).iter().sum();
    assert!(total <= small.stream_bytes, "{total}");
    writer.keep(Bound::of_stream(None));
    (0..20).for_each(|_| writer.append(1, chunk.as_bytes()));
    let more: u64 = sizes(folder.path()).iter().sum();
    assert!(more >= total + 20 * chunk.len() as u64 - small.segment_bytes, "{more}");
}

#[test]
fn what_could_not_be_written_is_counted_in_one_marker_line() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("logs");
    // A file in the folder's place makes every write fail, as a full disk does.
    fs::write(&folder, "").unwrap();
    let mut writer = usual(&folder);
    writer.append(1, b"lost\n");
    writer.append(1, b"lost too\n");
    writer.try_again(1);
    assert_eq!(writer.dropping().as_deref(), Some("Not a directory (os error 20)"));
    fs::remove_file(&folder).unwrap();
    writer.append(1, b"here again\n");
    assert_eq!(writer.dropping(), None);
    writer.append(1, b"and here\n");
    let text = text(&folder);
    assert!(text.starts_with("[kinfra] lost 14 bytes of log here: "), "{text}");
    assert!(text.ends_with("\nhere again\nand here\n"), "{text}");
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn a_full_disk_is_named_and_found_to_have_room_again_without_more_output() {
    let folder = tempfile::tempdir().unwrap();
    let log = segments::segment_path(folder.path(), "stdout", 1);
    std::os::unix::fs::symlink("/dev/full", &log).unwrap();
    let mut writer = usual(folder.path());
    writer.append(1, b"lost\n");
    assert_eq!(writer.dropping().as_deref(), Some("the disk is full"));
    fs::remove_file(&log).unwrap();
    writer.try_again(1);
    assert_eq!(writer.dropping(), None);
    writer.try_again(1);
    assert_eq!(
        text(folder.path()),
        "[kinfra] lost 5 bytes of log here: No space left on device (os error 28)\n"
    );
}

#[test]
fn a_folder_deleted_under_the_writer_is_made_anew() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("logs");
    let mut writer = usual(&folder);
    writer.append(1, b"before\n");
    fs::remove_dir_all(&folder).unwrap();
    writer.append(1, b"after\n");
    assert_eq!(text(&folder), "after\n");
}

#[test]
fn files_and_folder_are_the_users_alone() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("logs");
    usual(&folder).append(1, b"x\n");
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&segments::segment_path(&folder, "stdout", 1)), 0o600);
    assert_eq!(mode(&segments::index_path(&folder, "stdout", 1)), 0o600);
}
