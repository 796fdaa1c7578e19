/** The user that content belongs to by default, for tests run by root; anybody else stays who they are. */
export const unprivileged: { readonly uid?: number } =
  process.getuid?.() === 0 ? { uid: 33333 } : {};
