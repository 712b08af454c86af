"""What the tour shows: the cells of the notebook, the commands for them, and what to ask."""

from dataclasses import dataclass

PHOTO = "china.jpg"
LIVE_PAGE = "steps.html"

IMPORTS = (
    "import numpy as np\nfrom PIL import Image\nfrom sklearn import cluster, datasets, metrics"
)
"""What the Python of all steps needs."""


@dataclass(frozen=True)
class Number:
    """A number of a command's report."""

    key: str  # its name in JSON; a dot leads into an object
    label: str  # its name on the page
    form: str = ",.0f"  # how it is written, for ``format``


@dataclass(frozen=True)
class Shown:
    """A picture that a command writes."""

    file: str
    caption: str
    is_themed: bool = True  # whether there is another for dark paper
    is_wide: bool = False  # whether a narrow window moves over it, or it is made small


@dataclass(frozen=True)
class Step:
    """Some cells of the notebook and what there is to see."""

    name: str  # in links and JSON
    title: str
    cells: str  # the code of the notebook
    command: str  # the command line that does the same
    text: str  # what to look at
    numbers: tuple[Number, ...]  # what its report says; of several reports a table is made
    python: str  # computes the first number, of the last report, with scikit-learn
    pictures: tuple[Shown, ...]
    question: str
    answer: str  # may quote reports of steps, as in ``{points[inertia]:.1f}``


@dataclass(frozen=True)
class Chapter:
    """A part of the notebook."""

    title: str
    steps: tuple[Step, ...]


_INERTIA = Number("inertia", "inertia", ",.2f")
_BLOBS = "X, y = datasets.make_blobs(300, centers=4, random_state=0, cluster_std=0.60)"
_DIGITS = "X, y = datasets.load_digits(return_X_y=True)"
_FIT_DIGITS = "labels = cluster.KMeans(10, n_init=10, random_state=0).fit_predict(X)"
_COUNTS = "metrics.cluster.contingency_matrix(y, labels)"
_PIXELS = 'X = datasets.load_sample_image("china.jpg").reshape(-1, 3).astype(float)'
_PHOTO_COMMAND = f"kmcli quantize {PHOTO} -k 64 --space rgb --compare --cloud --report"
_DIGITS_COMMAND = "kmcli digits --match majority --report"
_FIDELITY = (
    Number("mse", "mean squared error, R + G + B", ".2f"),
    Number("psnr", "PSNR in dB", ".1f"),
)

BLOBS = Chapter(
    "1. Blobs",
    (
        Step(
            name="points",
            title="Four groups of points",
            cells="X, y = make_blobs(n_samples=300, centers=4,\n"
            "                  random_state=0, cluster_std=0.60)\n"
            "est = KMeans(4)\n"
            "est.fit(X)\n"
            "y_kmeans = est.predict(X)\n"
            "plt.scatter(X[:, 0], X[:, 1], c=y_kmeans, s=50)",
            command="kmcli blobs --report",
            text="On the left the points as they are made, on the right the four clusters that "
            "k-means finds without knowing the groups. Inertia is what k-means minimises: the sum "
            "of the squared distances from each point to the centre of its cluster.",
            numbers=(
                _INERTIA,
                Number("n_iter", "iterations"),
                Number("silhouette", "silhouette", ".3f"),
                Number("adjusted_rand", "adjusted Rand index", ".3f"),
            ),
            python=f"{_BLOBS}\nfound = cluster.KMeans(4, n_init=10, random_state=0).fit(X)\n"
            "found.inertia_",
            pictures=(Shown("blobs.png", "The points before and after clustering."),),
            question="Why do the numbers and colours of the clusters mean nothing, and how can "
            "clusters still be compared with the true groups?",
            answer="The clusters are numbered in whatever order they are found. The adjusted "
            "Rand index asks for pairs of points whether they are together in both; it is "
            "{points[adjusted_rand]:.3f} here.",
        ),
        Step(
            name="steps",
            title="Assign points, move centres, step by step",
            cells="from fig_code import plot_kmeans_interactive\nplot_kmeans_interactive()",
            command=f"kmcli blobs -k 2 --init far --steps --html {LIVE_PAGE} --report",
            text="Each iteration gives every point to its nearest centre, the expectation step, "
            "then moves each centre to the mean of its points, the maximization step. The start is "
            "that of the notebook's figure: around the origin, away from most points. In the live "
            "figure choose another number of clusters, drag the centres, or paint points of your "
            "own.",
            numbers=(_INERTIA, Number("n_iter", "iterations")),
            python=f"{_BLOBS}\nstart = np.random.RandomState(2).randn(2, 2)\n"
            "cluster.KMeans(2, init=start, n_init=1).fit(X).inertia_",
            pictures=(
                Shown("blobs-steps.png", "The steps of this start, and its inertia.", True, True),
            ),
            question="Drag the two centres elsewhere and run again. Does it always end the same? "
            "And with six clusters from this start: what becomes of a centre without points?",
            answer="No. This start ends at {steps[inertia]:,.1f}; others end lower. k-means finds "
            "the bottom of the valley that it starts in, which is why kmcli and the scikit-learn "
            "of the notebook's time make ten starts. A centre without points has no mean to move "
            "to; scikit-learn and kmcli move it to a point that is far from its own centre.",
        ),
    ),
)

DIGITS = Chapter(
    "2. Digits",
    (
        Step(
            name="centres",
            title="Ten centres that look like digits",
            cells="digits = load_digits()\n"
            "est = KMeans(n_clusters=10)\n"
            "clusters = est.fit_predict(digits.data)\n"
            "ax.imshow(est.cluster_centers_[i].reshape(8, 8))",
            command=_DIGITS_COMMAND,
            text="1797 pictures of 8 x 8 pixels are points with 64 coordinates. A centre is the "
            "mean of its cluster, so it is a picture too.",
            numbers=(
                _INERTIA,
                Number("n_iter", "iterations"),
                Number("n_samples", "pictures"),
                Number("n_features", "coordinates of each"),
            ),
            python=f"{_DIGITS}\nfound = cluster.KMeans(10, n_init=10, random_state=0).fit(X)\n"
            "found.inertia_",
            pictures=(Shown("digits-centroids.png", "The ten centres, largest cluster first."),),
            question="No label was used. Which digits are easy to read, which are blurred, and "
            "what does a blurred centre tell?",
            answer="A sharp centre is the mean of pictures that are alike. A blurred one is the "
            "mean of several ways to write a digit, or of several digits.",
        ),
        Step(
            name="names",
            title="A digit for each cluster",
            cells="for i in range(10):\n"
            "    mask = (clusters == i)\n"
            "    labels[mask] = mode(digits.target[mask])[0]\n"
            "X = PCA(2).fit_transform(digits.data)\n"
            "accuracy_score(digits.target, labels)",
            command=_DIGITS_COMMAND,
            text="Each cluster is named after its most frequent digit. Two principal components "
            "show the points in the plane; the shares of the variance on the axes say how much "
            "of the 64 coordinates is left in it.",
            numbers=(
                Number("purity", "right by majority", ".4f"),
                Number("accuracy", "right one to one", ".4f"),
                Number("adjusted_rand", "adjusted Rand index", ".4f"),
                Number("adjusted_mutual_info", "adjusted mutual information", ".4f"),
            ),
            python=f"{_DIGITS}\n{_FIT_DIGITS}\n{_COUNTS}.max(axis=0).sum() / len(y)",
            pictures=(
                Shown("digits-pca.png", "What was learned, beside what is true.", True, True),
            ),
            question="Which two clusters overlap most in the plane? Are they confused as well?",
            answer="Not always: what overlaps in two components may be apart in 64 coordinates. "
            "k-means used all of them, and the confusion matrix below counts what happened.",
        ),
        Step(
            name="confusion",
            title="What is taken for what",
            cells="print(confusion_matrix(digits.target, labels))\n"
            "plt.imshow(confusion_matrix(digits.target, labels),\n"
            "           cmap='Blues', interpolation='nearest')\n"
            '"Percentage of patterns that would be correctly classified"',
            command=_DIGITS_COMMAND,
            text="A row is a true digit, a column what its cluster stands for. The notebook's "
            "percentage adds up the largest entry of each row, even if two digits claim the same "
            "cluster; that is inverse purity, which is no share of right answers.",
            numbers=(
                Number("inverse_purity", "the notebook's percentage", ".4f"),
                Number("purity", "right by majority", ".4f"),
                Number("v_measure", "V-measure", ".4f"),
            ),
            python=f"{_DIGITS}\n{_FIT_DIGITS}\n{_COUNTS}.max(axis=1).sum() / len(y)",
            pictures=(Shown("digits-confusion.png", "True digits by what they were taken for."),),
            question="Put everything into a single cluster. What are the notebook's percentage "
            "and the share that is right by majority then?",
            answer="The percentage is 1, since the largest entry of each row is the whole row. "
            "Right is about a tenth: the share of the most frequent digit.",
        ),
    ),
)

COLORS = Chapter(
    "3. Colours",
    (
        Step(
            name="photo",
            title="64 colours for a photo",
            cells='china = load_sample_image("china.jpg")\n'
            "image = china[::3, ::3]\n"
            "X = (image / 255.0).reshape(-1, 3)\n"
            "model = KMeans(64).fit(X)\n"
            "palette = (model.cluster_centers_ * 255).astype(np.uint8)",
            command=_PHOTO_COMMAND,
            text="Each pixel is a point with the coordinates red, green and blue; each centre is "
            "an entry of the palette. The notebook shows every third pixel; kmcli counts all "
            "of them.",
            numbers=(
                *_FIDELITY,
                Number("colors_before", "colours before"),
                Number("colors_after", "colours after"),
                Number("bits_per_pixel_written", "bits per pixel in the file", ".2f"),
            ),
            python=f"{_PIXELS}\n"
            'written = np.reshape(Image.open("china-k64.png").convert("RGB"), (-1, 3))\n'
            "3 * metrics.mean_squared_error(X, written)",
            pictures=(
                Shown(PHOTO, "The photo, 640 x 427 pixels.", False),
                Shown("china-k64.png", "The same with 64 colours.", False),
                Shown("china-cloud.png", "Pixels and palette in colour space."),
            ),
            question="Where do 64 colours not suffice? Why there?",
            answer="Where colours change slowly, as in the sky, steps appear; what is small and "
            "of a colour of its own may lose it, since few pixels weigh little in the inertia.",
        ),
        Step(
            name="random",
            title="Random pixels as the palette",
            cells="rng = np.random.RandomState(0)\n"
            "palette = X[rng.permutation(len(X))[:64]]\n"
            "labels = pairwise_distances_argmin(X, palette)",
            command=_PHOTO_COMMAND,
            text="What would have come of 64 pixels, drawn by chance? The lower row of the "
            "comparison shows it.",
            numbers=(
                Number("random_palette.mse", "mean squared error, R + G + B", ".2f"),
                Number("random_palette.psnr", "PSNR in dB", ".1f"),
                Number("psnr", "of the learned palette", ".1f"),
            ),
            python=f"{_PIXELS}; X = X[np.lexsort(X.T[::-1])]\n"
            "palette = X[np.random.default_rng(0).choice(len(X), 64, replace=False)]\n"
            "np.square(metrics.pairwise_distances_argmin_min(X, palette)[1]).mean()",
            pictures=(
                Shown(
                    "china-compare.png",
                    "The original, 64 learned colours, and beneath 64 random pixels.",
                    False,
                    True,
                ),
            ),
            question="Random pixels do better in the sky than in red details. Why?",
            answer="Frequent colours are drawn often. k-means spends colours where they lower "
            "the error most, which brings {photo[psnr]:.1f} instead of "
            "{random[random_palette][psnr]:.1f} dB.",
        ),
        Step(
            name="fewer",
            title="Try 32, 16, 8",
            cells="# try 32, 16, 8",
            command=f"kmcli quantize {PHOTO} -k 64,32,16,8 --space rgb --report",
            text="Each halving saves a bit of every index. PNG stores indices in 1, 2, 4 or 8 "
            "bits and compresses them.",
            numbers=(
                Number("mse", "mean squared error"),
                Number("k", "k"),
                Number("psnr", "PSNR in dB", ".1f"),
                Number("random_palette.psnr", "random pixels, dB", ".1f"),
                Number("bits_per_pixel_index", "bits of an index"),
                Number("bits_per_pixel_written", "bits per pixel in the file", ".2f"),
            ),
            python=f"{_PIXELS}\n"
            'written = np.reshape(Image.open("china-k8.png").convert("RGB"), (-1, 3))\n'
            "3 * metrics.mean_squared_error(X, written)",
            pictures=(
                Shown("china-k32.png", "32 colours.", False),
                Shown("china-k16.png", "16 colours.", False),
                Shown("china-k8.png", "8 colours.", False),
            ),
            question="How many colours would you take for a web page? What does the error not "
            "tell you?",
            answer="The error treats all pixels alike. People look at faces, edges and smooth "
            "skies; in Oklab, kmcli's default without --space rgb, distances come closer to "
            "what they see.",
        ),
    ),
)

CHAPTERS = (BLOBS, DIGITS, COLORS)
