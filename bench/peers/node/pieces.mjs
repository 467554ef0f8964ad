import { readFileSync } from 'node:fs'

/** The paths of a folder's pieces in turn: `next()` starts again after the last one. */
export function pathsInTurn(folder, count) {
  return inTurn(Array.from({ length: count }, (_, i) => `${folder}/${String(i).padStart(3, '0')}.txt`))
}

/** The same pieces as bytes. */
export function piecesInTurn(folder, count) {
  const next = pathsInTurn(folder, count)
  return inTurn(Array.from({ length: count }, () => readFileSync(next())))
}

function inTurn(all) {
  let turn = 0
  return () => all[turn++ % all.length]
}
