/** The exports of the WebAssembly module. assembly/index.ts documents them. */
export interface Exports {
  readonly memory: WebAssembly.Memory
  begin(): void
  inputAt(): number
  selectedAt(): number
  givenAt(): number
  needleAt(): number
  wantedAt(i: number): number
  programAt(): number
  want(fields: number): void
  pick(from: number, length: number, to: number): number
  pickedBytes(): number
  pieceBytes(): number
  countLines(from: number, length: number): number
  countNewlines(from: number, length: number): number
  selectIncluding(from: number, length: number, to: number, needle: number, needleLength: number, not: boolean): number
  selectAt(
    from: number,
    length: number,
    to: number,
    needle: number,
    needleLength: number,
    where: number,
    not: boolean,
  ): number
  countSplit(from: number, length: number, separator: number): void
  countWords(from: number, length: number): void
  countMarked(from: number, length: number, mark: number): void
  countField(from: number, length: number, separator: number, index: number): void
  countPieces(from: number, length: number, trimmed: boolean): number
  countJson(from: number, length: number, strict: boolean): number
  countGiven(length: number, tag: number): void
  addFields(
    from: number,
    length: number,
    separator: number,
    key: number,
    value: number,
    kind: number,
    how: number,
  ): number
  addJson(from: number, length: number, how: number, strict: boolean): number
  addComputed(from: number, length: number, how: number): number
  countComputed(from: number, length: number): number
  addGiven(length: number, tag: number, value: number, how: number): void
  shapesAt(): number
  shapesBytes(): number
  readRows(from: number, length: number, shapes: number): number
  rowsRead(): number
  clearPairs(): void
  listedPairs(): number
  pairsAt(): number
  placePairs(parts: number): number
  placedEnds(): number
  placedValues(): number
  placedLengths(): number
  placedTexts(): number
  certainLines(): number
  clearTable(): void
  tableBytes(): number
  tableSize(): number
  taggedKeys(): number
  writeTable(): number
  writeValues(): number
  beginRanges(size: number, bounds: number): number
  boundBytes(): number
  divideLines(from: number, length: number, ascending: boolean): number
  partEnds(): number
  partLengths(): number
  partTexts(): number
  endRanges(): void
  beginSort(bytes: number, count: number): number
  textsToSort(): number
  sortTexts(ascending: boolean): number
  sortedTexts(): number
  endSort(): void
}
