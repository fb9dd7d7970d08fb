/** What reading untrusted bytes gives: a value, or why there is none. Bad bytes are never thrown. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const bad = (reason: string): Result<never> => ({ ok: false, reason });
