"""Worked steps of integer arithmetic, as one writes them on paper: ones first, then tens, then hundreds.

Each function returns (text, value, facts). The text names every digit that it computes, so that a small model
needs nothing but the tables of one-digit numbers. A carry appears as the tens digit of the step before.
"""

PLACES = ("ones", "tens", "hundreds", "thousands")


def _digits(number):
    return [int(digit) for digit in reversed(str(number))]


def _line(head, places, value):
    return f"{head}: {', '.join(places)}, so {value}."


def add(a, b):
    """47+38: ones 7+8=15, tens 4+3+1=8, so 85."""
    facts = (("add", *sorted((a, b))),)
    if max(a, b) < 10:
        return f"{a}+{b}={a + b}.", a + b, facts
    upper, lower, carry, places = _digits(a), _digits(b), 0, []
    for place in range(max(len(upper), len(lower))):
        parts = [digits[place] for digits in (upper, lower) if place < len(digits)] + [carry] * (carry > 0)
        places.append(f"{PLACES[place]} {'+'.join(map(str, parts))}" + (f"={sum(parts)}" if len(parts) > 1 else ""))
        carry = sum(parts) // 10
    return _line(f"{a}+{b}", places, a + b), a + b, facts


def subtract(a, b):
    """82-47: ones 12-7=5, tens 8-1-4=3, so 35. Below zero the larger number comes first and the sign is put back."""
    if a < b:
        text, value, _ = subtract(b, a)
        return f"{a}-{b} is below zero. {text}", -value, (("sub", b, a),)
    facts = (("sub", a, b),)
    if a < 10:
        return f"{a}-{b}={a - b}.", a - b, facts
    upper, lower, borrow, places = _digits(a), _digits(b), 0, []
    for place, digit in enumerate(upper):
        taken = lower[place] if place < len(lower) else 0
        lent = 10 if digit - borrow < taken else 0
        parts = [str(digit + lent)] + ["1"] * borrow + [str(taken)] * (place < len(lower))
        result = f"={digit + lent - borrow - taken}" if len(parts) > 1 else ""
        places.append(f"{PLACES[place]} {'-'.join(parts)}{result}")
        borrow = 1 if lent else 0
    return _line(f"{a}-{b}", places, a - b), a - b, facts


def multiply(a, b):
    """47*6: ones 7*6=42, tens 4*6=24 and 24+4=28, so 282. One of the two must have one digit."""
    facts = (("mul", *sorted((a, b))),)
    head = f"{a}*{b}"
    if a < b:
        a, b = b, a
    if b >= 10:
        raise ValueError(f"{a}*{b}: neither has one digit")
    if a < 10:
        return f"{head}={a * b}.", a * b, facts
    carry, places = 0, []
    for place, digit in enumerate(_digits(a)):
        text = f"{PLACES[place]} {digit}*{b}={digit * b}"
        places.append(text + (f" and {digit * b}+{carry}={digit * b + carry}" if carry else ""))
        carry = (digit * b + carry) // 10
    return _line(head, places, a * b), a * b, facts


def divide(a, b):
    """95/4: 9/4=2 rest 1, 15/4=3 rest 3, so 23 remainder 3. The value is the pair (23, 3). b has one digit."""
    facts = (("div", a, b),)
    quotient, rest = divmod(a, b)
    head = f"{a}/{b}"
    if quotient < 10:
        return f"{head}={quotient} rest {rest}.", (quotient, rest), facts
    current, places = 0, []
    for digit in map(int, str(a)):
        current = 10 * current + digit
        if current >= b or places:
            places.append(f"{current}/{b}={current // b} rest {current % b}")
            current %= b
    result = f"{quotient} remainder {rest}" if rest else quotient
    return _line(head, places, result), (quotient, rest), facts
