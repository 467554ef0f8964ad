import { GIVEN, INPUT, NEEDLE, PAIRS, PIECE, PROGRAM, SELECTED, SHAPES, SHAPES_BYTES, WANTED, WANTED_BYTES, writeMasks } from './memory'
import { add, clearTable, countTagged } from './table'

export { certainLines } from './certain'
export { pick, pickedBytes } from './conditions'
export { addFields } from './fields'
export { addJson, countJson } from './json-fields'
export { want } from './json'
export { addComputed, countComputed } from './line-keys'
export { countLines, countNewlines, selectAt, selectIncluding } from './lines'
export { clearPairs, listedPairs } from './pairs'
export { placedEnds, placedLengths, placedTexts, placedValues, placePairs } from './places'
export {
  beginRanges,
  boundBytes,
  divideLines,
  endRanges,
  partEnds,
  partLengths,
  partTexts,
} from './ranges'
export { readRows, rowsRead } from './rows'
export { beginSort, endSort, sortedTexts, sortTexts, textsToSort } from './sort'
export { clearTable, tableBytes, tableSize, taggedKeys, writeTable, writeValues } from './table'
export { countPieces } from './pieces'
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
export function givenAt(): usize {
  return GIVEN
}
export function programAt(): usize {
  return PROGRAM
}
export function pairsAt(): usize {
  return PAIRS
}
export function shapesAt(): usize {
  return SHAPES
}
export function shapesBytes(): usize {
  return SHAPES_BYTES
}
export function wantedAt(i: u32): usize {
  return WANTED + <usize>i * WANTED_BYTES
}

/** Counts the key at `givenAt`. */
export function countGiven(length: u32, tag: u32): void {
  countTagged(GIVEN, length, tag)
}
/** Merges a value into those of the key at `givenAt`. */
export function addGiven(length: u32, tag: u32, value: f64, how: u32): void {
  add(GIVEN, length, tag, value, how)
}

/** Initializes the module. Call it once, first. */
export function begin(): void {
  clearTable()
  writeMasks()
}
