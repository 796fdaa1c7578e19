/** Why a text is no branch name that git takes; undefined when it is one. */
export function branchNameProblem(name: string): string | undefined {
  if (name === '') return 'is missing';
  if (name.startsWith('-')) return "may not start with '-'";
  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(name)) {
    return 'may not hold blanks, control characters or any of ~^:?*[\\';
  }
  if (name.includes('..') || name.includes('@{') || name.includes('//')) {
    return "may not hold '..', '@{' or '//'";
  }
  if (/(^|\/)\.|\.lock(\/|$)|[./]$|^\//.test(name) || name === '@' || name === 'HEAD') {
    return 'is no valid branch name';
  }
  return undefined;
}
