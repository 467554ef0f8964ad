import { INPUT, NEEDLE, NEEDLE_BYTES, PIECE, SELECTED, writeMasks } from './memory'
import { clearTable } from './table'

export { countLines, selectBeginning, selectIncluding } from './lines'
export { clearTable, tableBytes, tableSize, writeTable } from './table'
export { countField, countMarked, countSplit, countWords } from './tokens'

export function inputAt(): usize {
  return INPUT
}
export function selectedAt(): usize {
  return SELECTED
}
export function needleAt(): usize {
  return NEEDLE
}
export function pieceBytes(): usize {
  return PIECE
}
export function needleBytes(): usize {
  return NEEDLE_BYTES
}

/** To be called once, before anything else. */
export function begin(): void {
  clearTable()
  writeMasks()
}
