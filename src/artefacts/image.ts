// Temporary: overwritten by the real builder.
export async function buildDebianImage(
  _options: { kernel: string; format: string },
  _report: (line: string) => void,
  _signal?: AbortSignal,
): Promise<{ file: string; hash: string; sha256: string }> {
  return { file: '/etc/hostname', hash: 'x', sha256: 'x' };
}
