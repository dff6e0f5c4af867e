/** A folder as people write it: `~/work/shop`. */
export function shownFolder(folder: string, user: string | undefined): string {
  if (user === undefined || user === '/') return folder;
  if (folder === user) return '~';
  return folder.startsWith(`${user}/`) ? `~${folder.slice(user.length)}` : folder;
}
