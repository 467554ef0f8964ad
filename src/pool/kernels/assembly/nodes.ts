import { PROGRAM } from './memory'

/*
 * A program is a tree of nodes, which the host writes: a condition of a line (conditions.ts), a number (values.ts) or a
 * key (line-keys.ts). A node has 48 bytes; node 0 is the root.
 *
 * | offset | type | field |
 * | --- | --- | --- |
 * | 0  | u32 | kind |
 * | 4  | u32 | the first node below, or the kind of a part of the line (parts.ts) |
 * | 8  | u32 | the second node below, or the number of the field |
 * | 12 | u32 | how it tests or computes |
 * | 16 | u32 | address of a text |
 * | 20 | u32 | its bytes |
 * | 24 | u32 | separator of fields |
 * | 28 | u32 | of JSON: whether the field is in an object of the line's object |
 * | 32 | f64 | a number |
 * | 40 | u32 | of a part of a key: the next part, or 0 |
 */
const NODE: usize = 48

@inline
export function nodeAt(i: u32): usize {
  return PROGRAM + <usize>i * NODE
}

@inline
export function kindOf(node: usize): u32 {
  return load<u32>(node)
}
@inline
export function firstOf(node: usize): usize {
  return nodeAt(load<u32>(node, 4))
}
@inline
export function secondOf(node: usize): usize {
  return nodeAt(load<u32>(node, 8))
}
@inline
export function howOf(node: usize): u32 {
  return load<u32>(node, 12)
}
@inline
export function textOf(node: usize): usize {
  return <usize>load<u32>(node, 16)
}
@inline
export function textBytesOf(node: usize): u32 {
  return load<u32>(node, 20)
}
@inline
export function numberOf(node: usize): f64 {
  return load<f64>(node, 32)
}
/** Returns the next part of a key, or 0. */
@inline
export function nextOf(node: usize): usize {
  const next = load<u32>(node, 40)
  return next == 0 ? 0 : nodeAt(next)
}
