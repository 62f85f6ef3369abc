"""Words of ECG headers and notes that name nobody, in the languages that headers are written in.

Words that are family or given names as often as not (White, Young, Will, May, Hall) are left out.
"""

from __future__ import annotations

from functools import cache

from ecgviewer.review.privacy.letter_folding import fold

_ECG = """
abdominal aberrant ablation abnormal abnormalities abnormality accelerated acute af afib afl aflt
akinesia aldomet alternans amiodarone amplitude amplitudes aneurysm angina angiography angioplasty
anterior anterolateral anteroseptal aorta aortic apex apical arrest arrhythmia arrhythmias
arrhythmic arrhythmogenic artefact artefacts artifact artifacts aspirin asystole atenolol atrial
atrioventricular atrium atypical automatic av avb avf avl avnrt avr avrt axis bandwidth baseline
bazett beat beats biatrial bidirectional bifascicular bigeminal bigeminy biphasic bipolar bisoprolol
biventricular block blocked blocks blood bradyarrhythmia bradycardia branch broad brugada bundle
bypass cabg calcification calibrated calibration captopril capture cardiac cardial cardiogram
cardiology cardiomegaly cardiomyopathy cardioversion cardioverter carvedilol catheter
catheterisation catheterization cavity cerebral chamber chambers channel channels chest cholesterol
chronic clbbb clopidogrel coarse complete complex complexes compression concave concentric
concordant conducted conduction congenital congestive constant contraction contractions convex
coronary couplet couplets coved crbbb crt cto decreased defect defibrillator degree delay delayed
delta depolarization depressed depression descending deviation device dextrocardia diabetes diabetic
diagnoses diagnosis diagnostic diaphragm diastolic diffuse digitalis digoxin dilatation dilated
diltiazem discordant disease disorder dissociation distal diuretic dominance dominant downsloping
dual duration dx dynamic dysfunction dysplasia dyspnea dyspnoea early ebstein ecg echo
echocardiography ectopic ectopy edema effusion ejection ekg electric electrical electrocardiogram
electrode electrodes electrolyte electronic elevated elevation enalapril endocarditis enlarged
enlargement epicardial episode episodes epsilon escape excitation exercise exertion extrasystole
extrasystoles extrasystolic failure fascicle fascicular fast female fetal fever fibrillation
fibrillatory filter filtered first flat flattened flattening flecainide flow flutter focal foramen
formation fraction frequency frequent fridericia furosemide fusion gain gender giant global grade
gradient graft group heart hemiblock hemodynamic hemodynamics heparin high his holter horizontal hx
hyperacute hypercalcemia hyperkalemia hyperlipidemia hypertension hypertensive hyperthyroidism
hypertrophic hypertrophy hyperventilation hypocalcemia hypokalemia hypokinesia hypotension
hypothermia hypothyroidism icd idiopathic idioventricular iii ilbbb implant implanted inadequate
incomplete increased inderal indeterminate index induced infarct infarction infarctions infarcts
infection inferior infero inferolateral inferoposterior infra inhibited inhibitor injury insulin
interatrial intercalary intermittent interval intervals intraatrial intracardiac intraventricular
intravintricular inversion inverted irbbb irregular irregularly ischaemia ischaemic ischemia
ischemic isoelectric isolated isorhythmic isosorbide ivcd j-point jugular junction junctional
juvenile lad lae lafb large late latera lateral lbbb lca lcx lead leads left leftward length level
levels limb linear lipid lisinopril localisation localization long loss low lower lpfb lung lv lvef
lvh lvot male malignant mass maximal maximum mean measured medial median medication metformin
metoprolol mi mild minimal minimum missing mitral mobitz moderate monitor monitoring monomorphic
morphology multifocal multiform multiple murmur muscle muscular myocardial myocarditis myocardium
myopathy nan narrow native negative nitrate nitroglycerin nodal node noise noisy nondiagnostic
nonspecific normal normals notch notched nsr nstemi nsvt obstruction obstructive occluded occlusion
old onset opposite orifice orthodromic outflow overload oversensing p-wave pac paced pacemaker pacer
pacing pacs pain palpitation palpitations papillary parasystole parkinson paroxysmal partial patent
pattern pause pauses pci peak peaked pectoral percent percutaneous pericardial pericarditis
peripheral permanent persistent phase physiological pleural pneumonia pointes polymorphic poor
positive post posterior posterolateral postural potassium potential pqrst pr pr-interval precordial
preexcitation pregnancy premature presence present pressure previous primary procedure progression
prolapse prolongation prolonged propranolol proximal psvt ptca pulmonary pvc pvcs pvst q-wave qrs
qrs-complex qs qt qt-interval qtc quality quinidine r-wave rae ramipril rapid rate rates rbb rbbb
rca reciprocal recurrent reduced reentrant reentry reference regular regurgitation relative
repolarisation repolarization rest resting restrictive resynchronization retrograde reversal
reversed rheumatic rhythm rhythms right rightward rr rsr rv rvh rvot rx s-wave sa sagging
sarcoidosis saw scar scarring second secondary segment segments sensed sensing septal septum
sequence severe sex shape short shortened shunt sick sign signal signals significant sinoatrial
sinus site size slight slow slowed slur slurred slurring small smaller smoker sotalol specific spike
spikes spontaneous st st-segment stable standstill statin stemi stenosis stent straight strain
stress stroke subacute subendocardial sudden superior supp supra supraventricular suspected
sustained svt swapped sx symmetric symmetrical symptom symptoms synchrony syncope syndrome syst
systolic t-wave tachyarrhythmia tachycardia takotsubo tall taller tamponade telemetry temporary
terminal third threshold thrombolysis thrombosis thrombus thyroid torsade torsades tracing tracings
transient transition transmural transplant treatment tremor tricuspid trifascicular trigeminy
trigger troponin typical undefined undetermined unifocal uniform unipolar unspecific unstable
unusual upper upright upsloping v1 v2 v3 v4 v5 v6 vagal valve valves valvular vasospastic vector
ventricle ventricles ventricular ventriculography verapamil vertical vessel vessels vf vii voltage
voltages volume vt wall wander wandering warfarin wave waves wellens wenckebach wide widened
widening wolff wpw zone
"""

_COMMON = """
about above across added additional additionally address adequate admission admitted adolescent
adult after again against age aged ago air all almost alone along already also although always among
amount analysed analysis analyzed and another any apart appear appears approximately archive are
area around artificial ask asked aspect asymptomatic attack attending available avenue avg back
backup bad base based because been before began begin beginning behind being below better between
birth born both bottom boy brief but called came can cannot care case cases category cause caused
causes center centre certain change changed changes changing child chosen city clean clear clearly
clinic clinical close closed code codes combined come comment comments common compared comparison
concern condition consistent contact contains continued continuous control correct could count
country course currently data database date dated day days decade defined department depends derived
described desktop despite detail details detected determined developed difference different
difficult digital digitized direct discharge discharged dob doctor documents does done down
downloads due during each easily effect either elderly email emergency ended ends entire equal error
especially estimated evaluated evaluation even event events ever every evidence evident examination
examined example excellent except excluded expected experienced export extra extreme extremely
factor fair far fax few field file files final finding findings fine five folder follow followed
following follows for former found four free from full further general generally girl given gives
good great had half has have having health healthy hence here history home hospital hour hours how
however human identical identification identifier image import impossible improved include included
includes including indicated indicates infant information initial initially inpatient inside instead
institute insurance interpretation interpreted into involved involving its just keep kept kind known
lack largest last later least less like likely limit limited limits line list localized location
machine madam made main mainly man manual many marked markedly maybe measure measurement
measurements med media medical method might minor minute minutes mixed mnt model month months more
morning most mostly mrn much must name names near nearly necessary need never new newborn next night
nine none nor not note noted notes nothing now number numerous nurse observed obtained obvious
obviously occasional occasionally occur occurs off office often once one ones only onto open
operator opt original other others otherwise our out outpatient outside over overall overview own
paper part partly parts past pat patient patients per performed period periods person phone
physician place please point points possible possibly prior private probable probably problem
problems produced program protected protocol proved provided put questionable quick quickly quite
ran random range rare rarely rather read reader reading real really reason reasons received recent
recently record recorded recorder recording recordings records referred referring region related
remaining remains remark remarks removed repeat repeated report reported reporting reports required
result results return review reviewed road room routine same sample samples sampling scale screening
seconds section see seem seems seen selected sent separate series set several shortly should show
showed showing shown shows side similar simple simultaneous since single sir six slightly some
sometimes source ssn standard start started starting state stated states status still stop stopped
street study subject subjects such suggest suggested suggesting suggestive suggests sum suspicious
system taken technician tel telephone temp ten test tested than that the their them then there
therefore these they thing think this those though three through thus time times tmp together too
took top total toward towards true twice two type types unavailable uncertain unclear under unit
units university unknown unless until upon use used useful user users using usual usually value
values var variable varies various very via view visible visit ward was way week weeks well went
were what when where whether which while who whole whose why with within without woman work would
year years yes yet zip
"""

_OTHERS = """
adresse age alter altezza ans apellido apellidos apres arythmie arzt auffallig auriculaire auricular
avant avec befund befunde beginn bei beide bemerkung beschwerden bis bloc blocco block bloqueo
bradycardie bradykardie branca branche brustschmerz cardiaca cardiaco cardiaque cardiologie chez
clinica coeur cognome complet con cuore dans das data del della dem den depresion der derecha
derecho derivation derivations des destra destro deux diagnose die direccion dolor dolore douleur
droit droite durch edad een ein eine einem einen einer electrocardiograma elevacion elle erhoht
erhohung est eta etude examen extrasystolen fecha femenino feminino femme femmina fibrillation frau
frecuencia frequence frequenza gauche geb geboortedatum geboren geburtsdatum geschlecht geslacht
gesund hebung herr herz herzfrequenz herzinfarkt herzrhythmus het hinterwand hombre homme hopital
hospital idade indirizzo infarctus infarto ist izquierda izquierdo jahr jahre jahren kein keine
klinik krankenhaus lagetyp las leeftijd les links linksschenkelblock linkstyp los man mannlich
maschio masculino medecin medico met mit mittel mujer naam nach nachname nacimiento naissance
nascimento nascita nata nato nee nei nicht nom nombre nome non normalbefund normale normaler oder
ohne onda ondas onde ondes ospedale paciente par para pas patientin pause paziente pecho per peso
por pour praxis prenom prescripteur qui rama rechts rechtsschenkelblock regulier rhythmus ritme
ritmo rue rythme sans schmerz schmerzen schrittmacher seit senkung sesso sexe sexo sin sinistra
sinistro sinusal sinusale sinusrhythmus sobrenome sont sous spital station steiltyp strasse sur
tachycardie tachykardie taquicardia telefon thoracique toracico tres uber una unauffallig und une
unter uomo van ventriculaire ventricular verdacht verlangert ville vom von voor vor vorderwand
vorhof vorhofflattern vorhofflimmern vorname vrouw wegen weiblich wird wurde zeit zonder zum zur
zustand
"""


@cache
def plain_words() -> frozenset[str]:
    """Return the words, folded."""
    return frozenset(fold(f"{_ECG} {_COMMON} {_OTHERS}").replace("-", " ").split())


def is_plain(word: str) -> bool:
    """Return whether a word names nobody; its plural does not either."""
    folded = fold(word)
    known = plain_words()
    return (
        folded in known or folded.removesuffix("s") in known or folded.removesuffix("es") in known
    )
