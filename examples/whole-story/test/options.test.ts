import { describe, expect, it } from 'vitest'
import { readOptions } from '../src/options.ts'

describe('The command line', () => {
  it('leaves the rate to the machine unless one is given', () => {
    expect(readOptions([])).toEqual({ rate: undefined })
    expect(readOptions(['--rate', '300'])).toEqual({ rate: 300 })
  })

  it.each(['0', '-1', 'fast', '10001', ''])('refuses the rate "%s"', (rate) => {
    const remedy = 'nothing was started. Give the requests per second, from 1 to 10000.'
    expect(() => readOptions([`--rate=${rate}`])).toThrow(`--rate ${rate} was refused; ${remedy}`)
  })

  it('refuses options that it does not know', () => {
    expect(() => readOptions(['--speed', '3'])).toThrow('--speed')
  })
})
