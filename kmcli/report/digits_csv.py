"""The clustered digits as CSV, a line for each."""

from kmcli.digits import DigitsResult


def digits_csv(result: DigitsResult) -> str:
    """List each digit with its cluster, in the order of the data.

    The digit of a cluster that stands for none is empty; distances have six decimals.
    """
    lines = ["index,true,cluster,digit,distance"]
    columns = zip(
        result.digits.targets.tolist(),
        result.clustering.labels.tolist(),
        result.distances.tolist(),
        strict=True,
    )
    for index, (true, cluster, distance) in enumerate(columns):
        digit = result.matching.labels[cluster]
        shown = "" if digit is None else digit
        lines.append(f"{index},{true},{cluster},{shown},{distance:.6f}")
    return "".join(f"{line}\n" for line in lines)
