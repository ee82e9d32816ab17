"""The words of all tasks: names, things, places."""

GIRLS = (
    "Anna", "Mia", "Lena", "Sara", "Nora", "Emma", "Ella", "Ida", "Lucy", "Rosa", "Zoe", "Ruth", "Amy", "Jane", "Kate",
    "Maya", "Nina", "Olga", "Tina", "Vera",
)  # fmt: skip
BOYS = (
    "Ben", "Tom", "Max", "Paul", "Omar", "Leo", "Finn", "Jack", "Noah", "Adam", "Carl", "Eric", "Hugo", "Ivan", "John",
    "Luke", "Mark", "Nick", "Otto", "Sam",
)  # fmt: skip
NAMES = GIRLS + BOYS
THINGS = (
    "apples", "pears", "plums", "books", "stamps", "cards", "coins", "marbles", "pencils", "shells", "stones", "nuts",
    "eggs", "cookies", "buttons", "flowers", "toys", "balls", "candles", "leaves",
)  # fmt: skip
ANIMALS = ("cat", "dog", "bird", "horse", "mouse", "rabbit", "duck", "goat", "fox", "bear", "sheep", "frog")
OBJECTS = (
    "ball", "book", "key", "hat", "cup", "lamp", "coat", "letter", "map", "box", "apple", "drum", "kite", "ring",
)  # fmt: skip
PLACES = (
    "garden", "kitchen", "school", "park", "forest", "library", "attic", "garage", "market", "barn", "office",
    "cellar",
)  # fmt: skip
COLORS = ("red", "blue", "green", "yellow", "black", "white", "brown", "gray", "pink", "orange")
CITIES = (
    "Paris", "Rome", "Oslo", "Berlin", "Madrid", "Vienna", "London", "Dublin", "Prague", "Cairo", "Tokyo", "Lima",
    "Boston", "Athens", "Lisbon", "Warsaw",
)  # fmt: skip
JOBS = (
    "teacher", "doctor", "baker", "driver", "farmer", "nurse", "painter", "singer", "writer", "cook", "pilot",
    "judge",
)  # fmt: skip


def pronoun(name):
    return "She" if name in GIRLS else "He"


def possessive(name):
    return "her" if name in GIRLS else "his"
