"""Make customers.csv: invented customers of a shop, of five kinds, for the examples."""

import random
from pathlib import Path

# Per kind: how many, then mean and spread of age, visits a year, euros a visit, kilometres.
KINDS = [
    (130, (34, 6), (48, 8), (21, 5), (2, 0.8)),
    (100, (61, 7), (30, 6), (38, 8), (4, 1.2)),
    (80, (45, 6), (9, 3), (140, 25), (22, 5)),
    (60, (22, 2), (14, 4), (12, 3), (6, 2)),
    (30, (52, 5), (52, 7), (160, 22), (9, 2)),
]


def main() -> None:
    """Write the table beside this file."""
    random.seed(7)
    rows = []
    for count, *columns in KINDS:
        for _ in range(count):
            age, visits, basket, distance = (
                max(random.gauss(mean, spread), 0.1) for mean, spread in columns
            )
            year, month, day = (random.randrange(*ends) for ends in ((3, 6), (1, 13), (1, 29)))
            joined = f"202{year}-{month:02d}-{day:02d}"
            rows.append([joined, f"{age:.0f}", f"{visits:.0f}", f"{basket:.2f}", f"{distance:.1f}"])
    random.shuffle(rows)
    for number in (17, 205, 333):
        rows[number][3] = ""
    lines = ["customer,joined,age,visits,basket,distance_km"]
    lines += [f"C{number:04d},{','.join(row)}" for number, row in enumerate(rows, start=1)]
    Path(__file__).with_name("customers.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
