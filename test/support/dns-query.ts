/** Queries as a stub resolver sends them: id 0x1234, recursion desired. */
export function makeQuery(name: string, type: number): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const encoded = labels.map((label) =>
    Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'),
  );
  return Buffer.concat([
    Buffer.from('123401000001000000000000', 'hex'),
    ...encoded,
    Buffer.from([0, 0, type, 0, 1]),
  ]);
}
