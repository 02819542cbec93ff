# SPDX-License-Identifier: MIT
# What other people's phones are given to say.
# shellcheck shell=bash

# tone_file HZ: a minute of it in tone.wav; 8000 samples a second, 16 bits.
tone_file() {
    awk -v hz="$1" '
        function bytes(n, count) { for (; count > 0; count--) { printf "%c", n % 256; n = int(n / 256) } }
        BEGIN {
            samples = 480000
            printf "RIFF"; bytes(36 + 2 * samples, 4); printf "WAVEfmt "; bytes(16, 4); bytes(1, 2)
            bytes(1, 2); bytes(8000, 4); bytes(16000, 4); bytes(2, 2); bytes(16, 2); printf "data"
            bytes(2 * samples, 4)
            for (i = 0; i < samples; i++) {
                v = int(8000 * sin(2 * 3.14159265358979 * hz * i / 8000))
                bytes(v < 0 ? v + 65536 : v, 2)
            }
        }' >tone.wav
}
