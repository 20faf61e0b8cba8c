/* What can be fetched, and what must be got by hand.
 *
 * A hash is here only where the publisher gives one, or where it was computed from a copy whose
 * origin is known; both are said.  Where there is none, jem records what the first download
 * hashes to and compares later ones (ledger.h). */
#include "fetch/catalogue.h"

#include <stddef.h>
#include <string.h>

#define FILES(list) .files = (list), .count = (int)(sizeof(list) / sizeof *(list))

/* The authors publish an MD5, c32a1d4ab5d03f1284b67883e8d87530; this is the SHA-256 of the same
 * file, as MLDatasets.jl, GoMLX and others record it. */
static const fetch_file cifar10[] = {
    {"cifar-10-binary.tar.gz", "", 170052171,
     "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", "cifar-10-batches-bin",
     184380149, "test_batch.bin"},
};

/* Not published: computed from the files of the repository. */
static const fetch_file cifar10h[] = {
    {"data/cifar10h-counts.npy", "cifar10h-counts.npy", 800128,
     "9b36b4550349af56c79083356312eb4af856cc5fd3caf1f669d40b9d0bbb69ff", NULL, 0, NULL},
    {"data/cifar10h-probs.npy", "cifar10h-probs.npy", 800128,
     "436ae98620e00073f9d08585ac870573b588853e7af9f54eb1647408114af77d", NULL, 0, NULL},
    {"LICENSE.txt", "LICENSE.txt", 1115,
     "45844a64b97431323471d11fe43625dabc6ced0199308b9aa85327b4d09a3d5d", NULL, 0, NULL},
};

/* Archives of the release v0.1, for which neither sizes nor hashes are published. */
#define PICTURES(set, path) {set ".tar.gz", path, 0, NULL, set, 0, NULL}
static const fetch_file set_pictures[] = {
    PICTURES("colour", "images/colour"),
    PICTURES("contrast", "images/contrast"),
    PICTURES("cue-conflict", "images/cue-conflict"),
    PICTURES("edge", "images/edge"),
    PICTURES("eidolonI", "images/eidolonI"),
    PICTURES("eidolonII", "images/eidolonII"),
    PICTURES("eidolonIII", "images/eidolonIII"),
    PICTURES("false-colour", "images/false-colour"),
    PICTURES("high-pass", "images/high-pass"),
    PICTURES("low-pass", "images/low-pass"),
    PICTURES("phase-scrambling", "images/phase-scrambling"),
    PICTURES("power-equalisation", "images/power-equalisation"),
    PICTURES("rotation", "images/rotation"),
    PICTURES("silhouette", "images/silhouette"),
    PICTURES("sketch", "images/sketch"),
    PICTURES("stylized", "images/stylized"),
    PICTURES("uniform-noise", "images/uniform-noise"),
};
static const fetch_file cue_conflict[] = {
    PICTURES("cue-conflict", "cue-conflict"),
    PICTURES("edge", "edge"),
    PICTURES("silhouette", "silhouette"),
};

/* Where these unpack: scripts/download_dataset_valonly.sh of the publisher. */
static const fetch_file bapps[] = {
    {"jnd.tar.gz", "jnd", 0, NULL, "jnd", 0, NULL},
    {"twoafc_val.tar.gz", "2afc/val", 0, NULL, "val", 0, NULL},
};

/* The 17 shards that the benchmark's own loader reads; there is an 18th. */
#define SHARD(i) {"val-" i ".tfrecords", "val-" i ".tfrecords", 0, NULL, NULL, 0, NULL}
static const fetch_file clickme[] = {
    SHARD("0"), SHARD("1"), SHARD("2"), SHARD("3"),
    SHARD("4"), SHARD("5"), SHARD("6"), SHARD("7"),
    SHARD("8"), SHARD("9"), SHARD("10"), SHARD("11"),
    SHARD("12"), SHARD("13"), SHARD("14"), SHARD("15"),
    SHARD("16"),
};

/* Not published: computed from the files of the repository.  Nobody has number 18. */
#define RATINGS(n, date, size, sha256)                                                             \
    {                                                                                              \
        n "_gloss_ratings_task_2019_" date ".csv",                                                 \
            "ratings/" n "_gloss_ratings_task_2019_" date ".csv", size, sha256, NULL, 0, NULL      \
    }
/* clang-format off */
static const fetch_file gloss[] = {
    RATINGS("01", "Apr_03_1151", 17475,
            "920f5a7dd261262e8efe9fbbbb9dd20e19a1592794232082b13d2eafb9308f70"),
    RATINGS("02", "Apr_03_1257", 17465,
            "794c02a13c0e28e95eff8829bfa476a869dd6e09f90834e307a584e84e1cf229"),
    RATINGS("03", "Apr_03_1446", 17322,
            "6c612f27294b8b208bcc26dc5bd5f0e7b45f6f899c7d5cc3a92edf91caa63917"),
    RATINGS("04", "Apr_03_1552", 17154,
            "2c848654157a98ca7997b3a6f40e2f905eaaa56703f30f68ac0f7abf455e6470"),
    RATINGS("05", "Apr_04_1045", 17467,
            "babaa0652c7e12f15527d6b3b114e3736d2d3715cdff8ca2dae5100d2656d592"),
    RATINGS("06", "Apr_04_1249", 17166,
            "492b3afb322daccbe6f43e3b402bf49a7ca0e35f925b3ff1958ce04cfe7ef368"),
    RATINGS("07", "Apr_05_1124", 17308,
            "d184c800af1cd6a637be3078d1dacf43897808ea3d735bdf48791928404e6155"),
    RATINGS("08", "Apr_05_1319", 17312,
            "6a2cbc59c85fdd54e9cfd8a849d4ca2834b0c3f9ac4e3e9a8cdda4fdb25f12e3"),
    RATINGS("09", "Apr_05_1524", 17319,
            "92aba282fdf5939f15225435bb7d393d83966c2ef72933d2ca32794ca499ac04"),
    RATINGS("10", "Apr_05_1624", 17315,
            "989e8b81dcb39e44a63ce27eb4c3f0fd6e0c5848afee3d2705ad40cc6e310c13"),
    RATINGS("11", "Apr_08_1017", 17466,
            "f9b4a25fed68efb0bc26f507382159e3a65626d245f43b6483ca6a411abc1a5b"),
    RATINGS("12", "Apr_08_1118", 17316,
            "99747cafb8867dcf92bd166b7e5933c4032120b73c677979ea1e3cf7f6d882cf"),
    RATINGS("13", "Apr_08_1421", 17469,
            "5afa90b8cdcf4b17b90ffac791e1001555f6931519d6e2e1b571fcbea7684c06"),
    RATINGS("14", "Apr_08_1427", 17310,
            "6f5f76f60c4f5bbbc320546a0f38c550085d9df20ae7a2689100ea792fee75ce"),
    RATINGS("15", "Apr_08_1557", 17321,
            "d400cb021164b91b1d0d244649fcceb0f82fa46aeaab059f0e36275930218f95"),
    RATINGS("16", "Apr_08_1612", 17324,
            "3e25c544da033e71c33a6860908bc0d0f95de6b2a2cb600ef63bf394a5d9ccee"),
    RATINGS("17", "Apr_09_0926", 17323,
            "83a87211187525f649f26f1fc7c9b908d757eb664d520dded62dd3ebe56c55fd"),
    RATINGS("19", "Apr_09_1616", 17325,
            "2b6f595d72a890b1914ae964571df078c66d1b196e34f66b2d462bfc975eba8a"),
    RATINGS("20", "Apr_10_0955", 17319,
            "19c7276aeed580d60a4d4d67ae5ce984f83d57c710833e0e2cbaa7f8490c1997"),
    RATINGS("21", "Apr_10_1045", 17310,
            "27152f4c9729c4e3f616d63f31572da9b743471b7394f263a3f7d9cfcace016f"),
};
/* clang-format on */

/* Of the revision that the base names, as several projects record them. */
static const fetch_file sd_vae[] = {
    {"diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.safetensors", 334643276,
     "a1d993488569e928462932c8c38a0760b874d166399b14414135bd9c42df5815", NULL, 0, NULL},
};

static const char geirhos2021[] = "Geirhos et al. 2021, NeurIPS: Partial success in closing the "
                                  "gap between human and machine vision";

static const fetch_item items[] = {
    {.name = "cifar10",
     .folder = "cifar10",
     .about = "60,000 small photographs in ten classes, binary version",
     .licence = "none stated; the authors ask for the citation",
     .cite = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
     .page = "https://www.cs.toronto.edu/~kriz/cifar.html",
     .base = "https://www.cs.toronto.edu/~kriz/",
     FILES(cifar10),
     .check = "cifar10"},
    {.name = "cifar10h",
     .folder = "cifar10h",
     .about = "how people labelled the 10,000 test images of CIFAR-10",
     .licence = "CC BY-NC-SA 4.0",
     .cite = "Peterson et al. 2019, ICCV: Human uncertainty makes classification more robust",
     .page = "https://github.com/jcpeterson/cifar-10h",
     .base = "https://raw.githubusercontent.com/jcpeterson/cifar-10h/master/",
     FILES(cifar10h),
     .check = "cifar10h"},
    {.name = "model-vs-human",
     .folder = "model-vs-human",
     .about = "what 90 observers answered to 17 distorted image sets; no pictures",
     .licence = "MIT",
     .cite = geirhos2021,
     .page = "https://github.com/bethgelab/model-vs-human",
     .base = "https://raw.githubusercontent.com/bethgelab/model-vs-human/master/",
     .files = fetch_people,
     .count = FETCH_PEOPLE,
     .check = "model-vs-human"},
    {.name = "model-vs-human-images",
     .folder = "model-vs-human",
     .about = "pictures of the 17 sets, for networks that look at them",
     .licence = "terms of ImageNet (non-commercial research); cue-conflict, edge, silhouette "
                "CC BY 4.0; sketch MIT",
     .cite = geirhos2021,
     .page = "https://github.com/bethgelab/model-vs-human/releases/tag/v0.1",
     .base = "https://github.com/bethgelab/model-vs-human/releases/download/v0.1/",
     FILES(set_pictures)},
    {.name = "cue-conflict",
     .folder = "cue-conflict",
     .about = "1,280 images with the shape of one thing and the texture of another; edges, "
              "silhouettes",
     .licence = "CC BY 4.0",
     .cite = "Geirhos et al. 2019, ICLR: ImageNet-trained CNNs are biased towards texture",
     .page = "https://github.com/bethgelab/model-vs-human/releases/tag/v0.1",
     .base = "https://github.com/bethgelab/model-vs-human/releases/download/v0.1/",
     FILES(cue_conflict),
     .check = "cue-conflict"},
    {.name = "bapps",
     .folder = "bapps",
     .about = "which of two distorted patches looks closer (2AFC, validation); are two the same "
              "(JND); 1.3 GB",
     .licence = "none stated for the data; code BSD 2-clause",
     .cite = "Zhang et al. 2018, CVPR: The Unreasonable Effectiveness of Deep Features as a "
             "Perceptual Metric",
     .page = "https://github.com/richzhang/PerceptualSimilarity",
     .base = "https://perceptual-similarity.s3.us-west-2.amazonaws.com/dataset/",
     FILES(bapps),
     .check = "bapps"},
    {.name = "clickme",
     .folder = "clickme",
     .about = "photographs with maps of where people clicked, 17 validation shards",
     .licence = "code MIT; photographs under ImageNet's terms (non-commercial research)",
     .cite = "Linsley et al. 2019, ICLR; Fel et al. 2022, NeurIPS: Harmonizing the object "
             "recognition strategies of deep neural networks with humans",
     .page = "https://github.com/serre-lab/Harmonization",
     .base = "https://storage.googleapis.com/serrelab/prj_harmonization/dataset/click-me/val/",
     FILES(clickme),
     .check = "clickme"},
    {.name = "gloss",
     .folder = "gloss",
     .about = "gloss ratings of 20 people for 50 rendered surfaces; no pictures",
     .licence = "none stated",
     .cite = "Storrs, Anderson & Fleming 2021, Nature Human Behaviour",
     .page = "https://github.com/tinyrobots/unsupervised-gloss-data-and-code",
     .base = "https://raw.githubusercontent.com/tinyrobots/unsupervised-gloss-data-and-code/"
             "ffe9651c9f79195142b212356a2fc2104dc1860d/analysis_data/psychophysics/expt1/",
     FILES(gloss),
     .check = "gloss"},
    {.name = "gloss-images",
     .folder = "gloss-images",
     .about = "the 10,000 rendered surfaces behind the gloss ratings",
     .licence = "CC BY 4.0",
     .cite = "Storrs, Anderson & Fleming 2021, Nature Human Behaviour",
     .page = "https://zenodo.org/badge/latestdoi/299901464",
     .by_hand = "no address of the archive could be verified. Look for it from the page, and "
                "unpack it so that the folder holds scene_log.csv and rgb/. `jem data render` "
                "makes a set of the same design without any download",
     .check = "gloss"},
    {.name = "imagenet",
     .folder = "imagenet",
     .about = "ImageNet (ILSVRC 2012), 1.28 million photographs; 145 GB",
     .licence = "terms of ImageNet: non-commercial research and education, by registration",
     .cite = "Russakovsky et al. 2015, IJCV: ImageNet Large Scale Visual Recognition Challenge",
     .page = "https://image-net.org/download",
     .by_hand = "register at the page, accept its terms, load ILSVRC2012_img_train.tar and "
                "ILSVRC2012_img_val.tar and unpack them as train/nXXXXXXXX/*.JPEG and "
                "val/nXXXXXXXX/*.JPEG",
     .check = "imagenet"},
    {.name = "sd-vae-ft-mse",
     .folder = "sd-vae-ft-mse",
     .about = "weights of the autoencoder behind JEMs in latent space",
     .licence = "MIT",
     .cite = "Rombach et al. 2022, CVPR; Stability AI, sd-vae-ft-mse",
     .page = "https://huggingface.co/stabilityai/sd-vae-ft-mse",
     .base = "https://huggingface.co/stabilityai/sd-vae-ft-mse/resolve/"
             "31f26fdeee1355a5c34592e401dd41e45d25a493/",
     FILES(sd_vae)},
    {.name = NULL},
};

const fetch_item *fetch_items(void)
{
    return items;
}

const fetch_item *fetch_item_find(const char *name)
{
    for (const fetch_item *i = items; i->name; i++)
        if (strcmp(i->name, name) == 0) return i;
    return NULL;
}
