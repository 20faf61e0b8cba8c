/* People's trials of model-vs-human: two observers, one as it should be.  The first byte
 * says which is the case (1, 2), and of which set: with conditions, or (3, 4) without. */
#include "bench/mvh_sets.h"
#include "fuzz.h"

#define HEAD "subj,session,trial,rt,object_response,category,condition,imagename\n"
static const char colour[] = HEAD "subject-09,1,1,0.5,cat,dog,cr,0001_cl_s09_cr_dog_00_a.png\n"
                                  "subject-09,1,2,NaN,na,car,bw,0002_cl_s09_bw_car_00_b.png\n";
static const char edge[] = HEAD "subject-09,1,1,0.5,cat,dog,0,dog1.png\n"
                                "subject-09,1,2,0.7,car,car,0,car3.png\n";

void fuzz_one(const uint8_t *data, size_t size)
{
    static const char *const paths[2][2] = {
        {"mvh/colour/colour_subject-01_session_1.csv",
         "mvh/colour/colour_subject-09_session_1.csv"},
        {"mvh/edge/edge_subject-01_session_1.csv", "mvh/edge/edge_subject-09_session_1.csv"}};
    mvh_people p = MVH_PEOPLE_INIT;

    if (size == 0 || data[0] < '1' || data[0] > '4') return;
    int set = (data[0] - '1') / 2, who = (data[0] - '1') % 2;
    fuzz_file(paths[set][who], data + 1, size - 1);
    if (set == 0) /* a file that is there already is found first */
        fuzz_file(paths[0][1 - who], colour, sizeof colour - 1);
    else
        fuzz_file(paths[1][1 - who], edge, sizeof edge - 1);
    const char *name = set ? "edge" : "colour";
    if (fuzz_refused(mvh_people_read(&p, "mvh", mvh_set_find(name)), name)) {
        fuzz_expect(!p.lists && !p.category);
        return;
    }
    fuzz_expect(p.observers == 2 && p.all.images > 0);
    for (int64_t i = 0; i < p.all.images; i++)
        fuzz_expect(p.category[i] >= 0 && p.category[i] < 16);
    for (int64_t c = 0; c < p.all.conditions; c++) fuzz_expect(p.all.start[c] < p.all.start[c + 1]);
    mvh_people_clear(&p);
}
