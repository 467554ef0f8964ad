import { readFileSync } from 'node:fs'

/** The pieces of a folder in turn, as bytes: `next()` starts again after the last one. */
export function piecesInTurn(folder, count) {
  const pieces = Array.from({ length: count }, (_, i) => readFileSync(`${folder}/${String(i).padStart(3, '0')}.txt`))
  let turn = 0
  return () => pieces[turn++ % count]
}
