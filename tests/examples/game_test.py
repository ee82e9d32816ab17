"""examples/game for 300 frames: characters answer, and thinking keeps to its share of a frame.

game_test.py PROGRAM MODEL"""

import os
import re
import sys
import unittest

from running import run

PROGRAM, MODEL = sys.argv[1:3]
BUDGET = 3.0  # ms, as the program says
OVERSHOOT = 1.5  # ms, of the median frame
NOISE = 40.0  # ms in which a busy machine may give the processor to others, of one frame in a hundred


class Game(unittest.TestCase):
    def test_thinking_keeps_to_its_share(self):
        result = run(PROGRAM, MODEL, "300", env={**os.environ, "SDL_VIDEODRIVER": "dummy"})
        self.assertEqual(result.returncode, 0, result.stderr)
        print(result.stdout)
        frames, thinking = map(
            int, re.search(r"(\d+) frames, in (\d+) of them somebody thought", result.stdout).groups()
        )
        self.assertEqual(frames, 300)
        self.assertGreater(thinking, 2)  # no two answers came within one frame each
        half, most = map(
            float, re.search(r"thinking: half below ([0-9.]+) ms, 99 % below ([0-9.]+) ms", result.stdout).groups()
        )
        self.assertLess(half, BUDGET + OVERSHOOT)
        self.assertLess(most, BUDGET + NOISE)
        questions = re.findall(r"What is (\d+) \+ (\d+)\?\n(.*)", result.stdout)
        self.assertEqual(len(questions), 2)
        for a, b, answer in questions:
            self.assertIn(f"{a}+{b}: ", answer)

    def test_a_model_that_is_not_there(self):
        result = run(PROGRAM, "/nowhere", "3", env={**os.environ, "SDL_VIDEODRIVER": "dummy"})
        self.assertEqual(result.returncode, 1)
        self.assertIn("/nowhere", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
