/**
 * The number of lines that the kernels processed, of a kind that may fall back to the function. Shows whether the
 * kernels are worthwhile.
 */
let lines: u32 = 0

@inline
export function certainLine(): void {
  lines++
}

export function certainLines(): u32 {
  return lines
}
