/*
 * The tokens of JSON, exactly as JSON.parse reads them. The functions return the end of a token, or 0 if there is none.
 * They stop at a newline at the latest, so the text must end with one.
 */

/** Whether the last string has escapes, so that its bytes are not its text. */
export let escaped: bool = false

/** Skips blanks, tabs and carriage returns. */
@inline
export function skipSpace(at: usize): usize {
  while (load<u8>(at) <= 32 && isSpace(load<u8>(at))) at++
  return at
}

@inline
function isSpace(byte: u8): bool {
  return byte == 32 || byte == 9 || byte == 13
}

/** Returns the closing quote of a string whose content begins at `at`. */
@inline
export function stringEnd(at: usize): usize {
  escaped = false
  const quote = i8x16.splat(0x22)
  const backslash = i8x16.splat(0x5c)
  const space = i8x16.splat(0x20)
  while (at != 0) {
    const bytes = v128.load(at)
    const ends = v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash))
    const found = i8x16.bitmask(v128.or(ends, i8x16.lt_u(bytes, space)))
    if (found == 0) {
      at += 16
      continue
    }
    at += <usize>ctz(found)
    const byte = load<u8>(at)
    if (byte == 0x22) break
    escaped = true
    at = byte == 0x5c ? afterEscape(at) : 0
  }
  return at
}

function afterEscape(at: usize): usize {
  switch (load<u8>(at, 1)) {
    case 0x22:
    case 0x2f:
    case 0x5c:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 2
    case 0x75:
      for (let i: usize = 2; i < 6; i++) if (!isHex(load<u8>(at + i))) return 0
      return at + 6
    default:
      return 0
  }
}

@inline
function isHex(byte: u8): bool {
  return isDigit(byte) || <u8>((byte | 0x20) - 0x61) < 6
}

@inline
function isDigit(byte: u8): bool {
  return <u8>(byte - 0x30) < 10
}

/** Skips a number that begins at `at`. */
export function afterNumber(at: usize): usize {
  if (load<u8>(at) == 0x2d) at++
  if (load<u8>(at) == 0x30) at++
  else {
    at = afterDigits(at)
    if (at == 0) return 0
  }
  if (load<u8>(at) == 0x2e) {
    at = afterDigits(at + 1)
    if (at == 0) return 0
  }
  if ((load<u8>(at) | 0x20) == 0x65) {
    const sign = load<u8>(at, 1)
    at = afterDigits(at + (sign == 0x2b || sign == 0x2d ? 2 : 1))
  }
  return at
}

/** Skips one digit or more. */
@inline
function afterDigits(at: usize): usize {
  if (!isDigit(load<u8>(at))) return 0
  do at++
  while (isDigit(load<u8>(at)))
  return at
}

/** Skips true, false or null. */
export function afterLiteral(at: usize): usize {
  const word = load<u32>(at)
  if (word == 0x65757274 || word == 0x6c6c756e) return at + 4
  return load<u8>(at) == 0x66 && load<u32>(at, 1) == 0x65736c61 ? at + 5 : 0
}
